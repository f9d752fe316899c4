//! Clients of AWS services, from the environment that Lambda gives a function: region and credentials are there, so
//! that no provider chain is asked.

pub mod dynamodb;
pub mod mail;

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};

use crate::kit::system::config::{ConfigError, Environment};
use crate::kit::telemetry::aws_sdk_spans::SdkTracingInterceptor;
use dynamodb::Table;
use dynamodb::capacity::CapacityInterceptor;
use mail::SEND_TIMEOUT;

/// What every client needs to know.
#[derive(Debug, Clone)]
pub struct Aws {
    region: Region,
    credentials: SharedCredentialsProvider,
    dynamodb_endpoint: Option<String>,
    sqs_endpoint: Option<String>,
    bedrock_endpoint: Option<String>,
    ses_endpoint: Option<String>,
}

/// A connection is made within this time or not at all.
const CONNECT: Duration = Duration::from_secs(1);
/// One attempt takes no longer.
pub const ATTEMPT: Duration = Duration::from_secs(3);
/// All attempts of one call together take no longer.
const OPERATION: Duration = Duration::from_secs(8);

impl Aws {
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let credentials = Credentials::new(
            env.text("AWS_ACCESS_KEY_ID")?,
            env.text("AWS_SECRET_ACCESS_KEY")?,
            env.optional("AWS_SESSION_TOKEN").map(str::to_owned),
            None,
            "environment",
        );
        Ok(Self {
            region: Region::new(env.text("AWS_REGION")?.to_owned()),
            credentials: SharedCredentialsProvider::new(credentials),
            dynamodb_endpoint: env.optional("AWS_ENDPOINT_URL_DYNAMODB").map(str::to_owned),
            sqs_endpoint: env.optional("AWS_ENDPOINT_URL_SQS").map(str::to_owned),
            bedrock_endpoint: env.optional("AWS_ENDPOINT_URL_BEDROCK_RUNTIME").map(str::to_owned),
            ses_endpoint: env.optional("AWS_ENDPOINT_URL_SESV2").map(str::to_owned),
        })
    }

    /// The table that the function works on.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn table(&self, env: &Environment) -> Result<Table, ConfigError> {
        let mut config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(self.region.clone())
            .credentials_provider(self.credentials.clone())
            .interceptor(SdkTracingInterceptor)
            .interceptor(CapacityInterceptor)
            .timeout_config(timeouts(ATTEMPT))
            .retry_config(RetryConfig::standard());
        config.set_endpoint_url(self.dynamodb_endpoint.clone());
        Ok(Table::new(aws_sdk_dynamodb::Client::from_conf(config.build()), env.text("AGORA_TABLE")?))
    }

    /// A client for queues.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let mut config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(self.region.clone())
            .credentials_provider(self.credentials.clone())
            .interceptor(SdkTracingInterceptor)
            .timeout_config(timeouts(ATTEMPT))
            .retry_config(RetryConfig::standard());
        config.set_endpoint_url(self.sqs_endpoint.clone());
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    /// A client for models.
    #[must_use]
    pub fn bedrock(&self) -> aws_sdk_bedrockruntime::Client {
        let mut config = aws_sdk_bedrockruntime::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(self.region.clone())
            .credentials_provider(self.credentials.clone())
            .interceptor(SdkTracingInterceptor)
            .timeout_config(timeouts(ATTEMPT))
            .retry_config(RetryConfig::standard());
        config.set_endpoint_url(self.bedrock_endpoint.clone());
        aws_sdk_bedrockruntime::Client::from_conf(config.build())
    }

    /// A client for e-mails. It tries once: SES knows a message by no key, so that a second attempt may be a second
    /// e-mail.
    #[must_use]
    pub fn ses(&self) -> aws_sdk_sesv2::Client {
        let mut config = aws_sdk_sesv2::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(self.region.clone())
            .credentials_provider(self.credentials.clone())
            .interceptor(SdkTracingInterceptor)
            .timeout_config(
                TimeoutConfig::builder().connect_timeout(CONNECT).operation_timeout(SEND_TIMEOUT).build(),
            )
            .retry_config(RetryConfig::disabled());
        config.set_endpoint_url(self.ses_endpoint.clone());
        aws_sdk_sesv2::Client::from_conf(config.build())
    }
}

/// How long calls of a service may take, when one attempt may take so long.
#[must_use]
pub fn timeouts(attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(attempt)
        .operation_timeout(OPERATION)
        .build()
}

//! Clients of AWS services, configured from the environment variables that Lambda sets. Region and
//! credentials are read from there directly, without the SDK's provider chain.

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

/// Configuration shared by all clients.
#[derive(Debug, Clone)]
pub struct Aws {
    region: Region,
    credentials: SharedCredentialsProvider,
    dynamodb_endpoint: Option<String>,
    sqs_endpoint: Option<String>,
    bedrock_endpoint: Option<String>,
    ses_endpoint: Option<String>,
}

/// Timeout for establishing a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Timeout of one attempt of a call.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// Timeout of a call, including all its attempts.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(8);

impl Aws {
    /// Reads region, credentials and endpoints from the environment.
    ///
    /// # Errors
    /// [`ConfigError`] if a variable is missing.
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

    /// The table named by `AGORA_TABLE`.
    ///
    /// # Errors
    /// [`ConfigError`] if the variable is missing.
    pub fn table(&self, env: &Environment) -> Result<Table, ConfigError> {
        let mut config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(self.region.clone())
            .credentials_provider(self.credentials.clone())
            .interceptor(SdkTracingInterceptor)
            .interceptor(CapacityInterceptor)
            .timeout_config(timeouts(ATTEMPT_TIMEOUT))
            .retry_config(RetryConfig::standard());
        config.set_endpoint_url(self.dynamodb_endpoint.clone());
        Ok(Table::new(aws_sdk_dynamodb::Client::from_conf(config.build()), env.text("AGORA_TABLE")?))
    }

    /// An SQS client.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let mut config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(self.region.clone())
            .credentials_provider(self.credentials.clone())
            .interceptor(SdkTracingInterceptor)
            .timeout_config(timeouts(ATTEMPT_TIMEOUT))
            .retry_config(RetryConfig::standard());
        config.set_endpoint_url(self.sqs_endpoint.clone());
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    /// A Bedrock Runtime client.
    #[must_use]
    pub fn bedrock(&self) -> aws_sdk_bedrockruntime::Client {
        let mut config = aws_sdk_bedrockruntime::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(self.region.clone())
            .credentials_provider(self.credentials.clone())
            .interceptor(SdkTracingInterceptor)
            .timeout_config(timeouts(ATTEMPT_TIMEOUT))
            .retry_config(RetryConfig::standard());
        config.set_endpoint_url(self.bedrock_endpoint.clone());
        aws_sdk_bedrockruntime::Client::from_conf(config.build())
    }

    /// An SES client without retries: SES has no idempotency key, so a second attempt could send a second
    /// e-mail.
    #[must_use]
    pub fn ses(&self) -> aws_sdk_sesv2::Client {
        let mut config = aws_sdk_sesv2::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(self.region.clone())
            .credentials_provider(self.credentials.clone())
            .interceptor(SdkTracingInterceptor)
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT_TIMEOUT)
                    .operation_timeout(SEND_TIMEOUT)
                    .build(),
            )
            .retry_config(RetryConfig::disabled());
        config.set_endpoint_url(self.ses_endpoint.clone());
        aws_sdk_sesv2::Client::from_conf(config.build())
    }
}

/// Timeouts of a service client whose attempts take up to `attempt` each.
#[must_use]
pub fn timeouts(attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(attempt)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

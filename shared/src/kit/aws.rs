//! Clients of AWS services. All share one [`SdkConfig`], so that the common settings of the AWS SDKs apply to
//! each of them (AWS SDKs and Tools Reference Guide, "Settings reference").
//!
//! Functions have credentials, region and settings in the environment ([`Aws::from_env`]). The operator tools
//! load theirs with `aws-config`, also from profiles.

pub mod dynamodb;
pub mod mail;
mod settings;

use std::num::NonZeroU16;
use std::time::Duration;

use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_http_client::Builder as HttpClientBuilder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;

use crate::kit::resilience::http_client::{CONNECT_TIMEOUT, IDLE_TIMEOUT};
use crate::kit::system::config::{ConfigError, Environment};
use crate::kit::telemetry::aws_sdk_spans::SdkTracingInterceptor;
use dynamodb::Table;
use dynamodb::capacity::CapacityInterceptor;
use mail::SEND_TIMEOUT;

/// Configuration shared by all clients.
#[derive(Debug, Clone)]
pub struct Aws {
    config: SdkConfig,
}

/// Timeout of one attempt of a call.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// Timeout of a call, including all its attempts.
pub const OPERATION_TIMEOUT: Duration = Duration::from_secs(8);

/// Timeout of one attempt to call a model.
const MODEL_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// Timeout of a call to a model, including all its attempts.
const MODEL_TIMEOUT: Duration = Duration::from_secs(5);

impl Aws {
    /// Clients of a function, whose environment is `env`.
    ///
    /// # Errors
    /// [`ConfigError`] if a variable is missing or invalid.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        Ok(Self::new(settings::of(env)?))
    }

    /// Clients with this configuration, and with the timeouts and the connection pool of this module.
    #[must_use]
    pub fn new(config: SdkConfig) -> Self {
        let http_client = config.http_client().unwrap_or_else(|| http_client(IDLE_TIMEOUT));
        let config = config
            .into_builder()
            .timeout_config(timeouts(ATTEMPT_TIMEOUT, OPERATION_TIMEOUT))
            .http_client(http_client);
        Self { config: config.build() }
    }

    /// Checks that there are credentials.
    ///
    /// # Errors
    /// [`CredentialsError`] if no provider has any.
    pub async fn check_credentials(&self) -> Result<(), CredentialsError> {
        let provider = self.config.credentials_provider();
        let provider = provider.ok_or_else(|| CredentialsError::not_loaded("no provider"))?;
        provider.provide_credentials().await.map(drop)
    }

    /// The table named by `AGORA_TABLE`, whose event log keeps events for `AGORA_EVENT_RETENTION_DAYS`.
    ///
    /// # Errors
    /// [`ConfigError`] if a variable is missing or invalid.
    pub fn table(&self, env: &Environment) -> Result<Table, ConfigError> {
        let days: NonZeroU16 = env.parse("AGORA_EVENT_RETENTION_DAYS")?;
        let table = self.table_named(env.text("AGORA_TABLE")?);
        Ok(table.with_event_retention(Duration::from_hours(24 * u64::from(days.get()))))
    }

    /// The table with the name `name`.
    #[must_use]
    pub fn table_named(&self, name: &str) -> Table {
        let config = aws_sdk_dynamodb::config::Builder::from(&self.config)
            .interceptor(SdkTracingInterceptor)
            .interceptor(CapacityInterceptor);
        Table::new(aws_sdk_dynamodb::Client::from_conf(config.build()), name)
    }

    /// An SQS client.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let config = aws_sdk_sqs::config::Builder::from(&self.config).interceptor(SdkTracingInterceptor);
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    /// A Bedrock Runtime client. A search waits for it, so its timeouts are shorter than those of the other
    /// clients.
    #[must_use]
    pub fn bedrock(&self) -> aws_sdk_bedrockruntime::Client {
        let config = aws_sdk_bedrockruntime::config::Builder::from(&self.config)
            .interceptor(SdkTracingInterceptor)
            .timeout_config(timeouts(MODEL_ATTEMPT_TIMEOUT, MODEL_TIMEOUT));
        aws_sdk_bedrockruntime::Client::from_conf(config.build())
    }

    /// An SES client without retries: SES has no idempotency key, so a second attempt could send a second
    /// e-mail.
    #[must_use]
    pub fn ses(&self) -> aws_sdk_sesv2::Client {
        let timeouts =
            TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_timeout(SEND_TIMEOUT);
        let config = aws_sdk_sesv2::config::Builder::from(&self.config)
            .interceptor(SdkTracingInterceptor)
            .timeout_config(timeouts.build())
            .retry_config(RetryConfig::disabled());
        aws_sdk_sesv2::Client::from_conf(config.build())
    }
}

/// HTTP client that all AWS clients share, with its connections and its trust store.
fn http_client(idle_timeout: Duration) -> SharedHttpClient {
    let builder = HttpClientBuilder::new().pool_idle_timeout(idle_timeout);
    builder.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build_https()
}

/// Timeouts of a service client: of one attempt of a call, and of a call with all its attempts.
#[must_use]
pub fn timeouts(attempt: Duration, operation: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(attempt)
        .operation_timeout(operation)
        .build()
}

#[cfg(test)]
mod tests {
    use test_support::counting_service::CountingService;
    use test_support::sdk_config::sdk_config;

    use super::*;
    use crate::kit::system::clock::{Clock, SystemClock};

    #[tokio::test]
    async fn event_retention_is_configured_in_days() {
        let table = |days: &str| {
            let env = Environment::of([("AGORA_TABLE", "agora"), ("AGORA_EVENT_RETENTION_DAYS", days)]);
            Aws::new(sdk_config("http://127.0.0.1:1")).table(&env)
        };
        assert_eq!(table("7").unwrap().event_retention(), Duration::from_hours(7 * 24));
        for invalid in ["0", "-1", "a week"] {
            assert!(matches!(table(invalid), Err(ConfigError::Invalid { .. })), "{invalid}");
        }
    }

    #[tokio::test]
    async fn connection_of_an_aws_client_expires_when_idle() {
        let (service, idle_timeout) = (CountingService::open().await, Duration::from_secs(1));
        let config = sdk_config(&service.endpoint).into_builder().http_client(http_client(idle_timeout));
        let sqs = Aws::new(config.build()).sqs();
        for _ in 0..2 {
            sqs.list_queues().send().await.unwrap();
        }
        assert_eq!(service.connections(), 1);
        SystemClock.sleep(idle_timeout * 2).await;
        sqs.list_queues().send().await.unwrap();
        assert_eq!(service.connections(), 2);
    }
}

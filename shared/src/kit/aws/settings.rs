//! Settings of the AWS SDKs for functions, from the environment alone.
//!
//! A function on Lambda has no profile, and its credentials are in the environment. The loader of
//! `aws-config`, which the operator tools use, would link its provider chain into every function (ADR 28).

use std::num::NonZeroU32;
use std::str::FromStr;

use aws_credential_types::Credentials;
use aws_credential_types::attributes::AccountId;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::retry::{RetryConfig, RetryMode};
use aws_types::SdkConfig;
use aws_types::app_name::AppName;
use aws_types::endpoint_config::AccountIdEndpointMode;
use aws_types::region::Region;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use crate::kit::system::config::{ConfigError, Environment, invalid_variable};

/// Configuration of all clients, with the settings that apply to the services of the functions ("Settings
/// reference" in the AWS SDKs and Tools Reference Guide).
pub(super) fn of(env: &Environment) -> Result<SdkConfig, ConfigError> {
    let mut credentials = Credentials::builder()
        .access_key_id(env.text("AWS_ACCESS_KEY_ID")?)
        .secret_access_key(env.text("AWS_SECRET_ACCESS_KEY")?)
        .provider_name("environment");
    credentials.set_session_token(env.optional("AWS_SESSION_TOKEN").map(str::to_owned));
    credentials.set_account_id(env.optional("AWS_ACCOUNT_ID").map(AccountId::from));
    let ignores_endpoints = flag(env, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")?.unwrap_or(false);
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(env.text("AWS_REGION")?.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials.build()))
        .retry_config(retry_config(env)?)
        .service_config(ServiceSettings { env: env.clone(), ignores_endpoints });
    config.set_use_fips(flag(env, "AWS_USE_FIPS_ENDPOINT")?);
    config.set_use_dual_stack(flag(env, "AWS_USE_DUALSTACK_ENDPOINT")?);
    config.set_account_id_endpoint_mode(account_id_endpoint_mode(env)?);
    config.set_app_name(app_name(env)?);
    Ok(config.build())
}

fn retry_config(env: &Environment) -> Result<RetryConfig, ConfigError> {
    let mode = setting(
        env,
        "AWS_RETRY_MODE",
        |mode| RetryMode::from_str(mode).ok(),
        "must be standard or adaptive",
    )?;
    let attempts = setting(
        env,
        "AWS_MAX_ATTEMPTS",
        |count| count.parse::<NonZeroU32>().ok(),
        "must be a number from 1",
    )?;
    let config = RetryConfig::standard().with_retry_mode(mode.unwrap_or(RetryMode::Standard));
    Ok(attempts.map_or(config.clone(), |attempts| config.with_max_attempts(attempts.get())))
}

fn flag(env: &Environment, name: &'static str) -> Result<Option<bool>, ConfigError> {
    setting(env, name, |flag| flag.to_ascii_lowercase().parse().ok(), "must be true or false")
}

fn account_id_endpoint_mode(env: &Environment) -> Result<Option<AccountIdEndpointMode>, ConfigError> {
    let rule = "must be preferred, required or disabled";
    setting(env, "AWS_ACCOUNT_ID_ENDPOINT_MODE", |mode| mode.parse().ok(), rule)
}

fn app_name(env: &Environment) -> Result<Option<AppName>, ConfigError> {
    let rule = "must contain only letters, digits and the characters !#$%&'*+-.^_`|~";
    setting(env, "AWS_SDK_UA_APP_ID", |name| AppName::new(name.to_owned()).ok(), rule)
}

/// Value of a variable; `None` if it is not set.
fn setting<T>(
    env: &Environment,
    name: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
    rule: &str,
) -> Result<Option<T>, ConfigError> {
    let parsed = |value| parse(value).ok_or_else(|| invalid_variable(name, rule.to_owned()));
    env.optional(name).map(parsed).transpose()
}

/// Variable of the endpoint of all services.
const ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";

/// Settings of each service: the variable with the name of the service appended, or else the variable itself.
/// All clients read [`ENDPOINT_URL`]; that of Bedrock also reads its API key, `AWS_BEARER_TOKEN`.
struct ServiceSettings {
    env: Environment,
    /// True if the clients use none of the endpoints in the environment.
    ignores_endpoints: bool,
}

impl std::fmt::Debug for ServiceSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServiceSettings")
    }
}

impl LoadServiceConfig for ServiceSettings {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        if self.ignores_endpoints && key.env() == ENDPOINT_URL {
            return None;
        }
        let service = key.service_id().to_uppercase().replace(' ', "_");
        let of_service = self.env.optional(&format!("{}_{service}", key.env()));
        of_service.or_else(|| self.env.optional(key.env())).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use aws_credential_types::provider::ProvideCredentials;

    use super::*;

    fn env() -> Environment {
        Environment::of([
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ])
    }

    fn service_setting(env: &Environment, service: &str, name: &str) -> Option<String> {
        let key = ServiceConfigKey::builder().service_id(service).profile("").env(name);
        of(env).unwrap().service_config().unwrap().load_config(key.build().unwrap())
    }

    fn endpoint(env: Environment, service: &str) -> Option<String> {
        service_setting(&env, service, ENDPOINT_URL)
    }

    #[test]
    fn settings_of_the_environment_apply() {
        let config = of(&env()).unwrap();
        assert_eq!(config.region().unwrap().as_ref(), "eu-central-1");
        assert_eq!(config.retry_config(), Some(&RetryConfig::standard()));
        assert_eq!((config.use_fips(), config.use_dual_stack(), config.app_name()), (None, None, None));

        let env = env()
            .with("AWS_RETRY_MODE", "adaptive")
            .with("AWS_MAX_ATTEMPTS", "5")
            .with("AWS_USE_FIPS_ENDPOINT", "true")
            .with("AWS_USE_DUALSTACK_ENDPOINT", "TRUE")
            .with("AWS_SDK_UA_APP_ID", "shop");
        let config = of(&env).unwrap();
        assert_eq!(config.retry_config(), Some(&RetryConfig::adaptive().with_max_attempts(5)));
        assert_eq!((config.use_fips(), config.use_dual_stack()), (Some(true), Some(true)));
        assert_eq!(config.app_name().unwrap().as_ref(), "shop");
    }

    #[tokio::test]
    async fn account_id_is_part_of_the_credentials() {
        let env =
            env().with("AWS_ACCOUNT_ID", "111122223333").with("AWS_ACCOUNT_ID_ENDPOINT_MODE", "required");
        let config = of(&env).unwrap();
        assert_eq!(config.account_id_endpoint_mode(), Some(&AccountIdEndpointMode::Required));
        let credentials = config.credentials_provider().unwrap().provide_credentials().await.unwrap();
        assert_eq!(credentials.account_id().unwrap().as_str(), "111122223333");
    }

    #[test]
    fn bedrock_has_its_api_key_if_endpoints_are_ignored() {
        let env =
            env().with("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true").with("AWS_BEARER_TOKEN_BEDROCK", "key");
        assert_eq!(service_setting(&env, "bedrock", "AWS_BEARER_TOKEN").unwrap(), "key");
    }

    #[test]
    fn endpoint_of_a_service_precedes_the_common_one() {
        let common = env().with("AWS_ENDPOINT_URL", "http://common");
        let own = common.clone().with("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://own");
        assert_eq!(endpoint(env(), "DynamoDB"), None);
        assert_eq!(endpoint(common, "Bedrock Runtime").unwrap(), "http://common");
        assert_eq!(endpoint(own.clone(), "Bedrock Runtime").unwrap(), "http://own");
        assert_eq!(endpoint(own.clone(), "DynamoDB").unwrap(), "http://common");
        assert_eq!(endpoint(own.with("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"), "DynamoDB"), None);
    }

    #[test]
    fn invalid_setting_is_named_with_its_rule() {
        for (name, value, error) in [
            ("AWS_RETRY_MODE", "often", "AWS_RETRY_MODE must be standard or adaptive"),
            ("AWS_MAX_ATTEMPTS", "0", "AWS_MAX_ATTEMPTS must be a number from 1"),
            ("AWS_USE_FIPS_ENDPOINT", "yes", "AWS_USE_FIPS_ENDPOINT must be true or false"),
            (
                "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                "yes",
                "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS must be true or false",
            ),
            (
                "AWS_ACCOUNT_ID_ENDPOINT_MODE",
                "always",
                "AWS_ACCOUNT_ID_ENDPOINT_MODE must be preferred, required or disabled",
            ),
            (
                "AWS_SDK_UA_APP_ID",
                "my shop",
                "AWS_SDK_UA_APP_ID must contain only letters, digits and the characters !#$%&'*+-.^_`|~",
            ),
            ("AWS_REGION", "", "AWS_REGION is not set"),
        ] {
            assert_eq!(of(&env().with(name, value)).unwrap_err().to_string(), error);
        }
    }
}

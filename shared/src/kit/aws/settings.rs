//! Settings of the AWS SDKs for functions, from the environment alone.
//!
//! A function on Lambda has no profile, and its credentials are in the environment. The loader of `aws-config`,
//! which the operator tools use, would link its provider chain into every function (ADR 28).

use std::num::NonZeroU32;
use std::str::FromStr;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::retry::{RetryConfig, RetryMode};
use aws_types::SdkConfig;
use aws_types::app_name::AppName;
use aws_types::region::Region;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use crate::kit::system::config::{ConfigError, Environment, invalid_variable};

/// Configuration of all clients, with the settings that apply to the services of the functions ("Settings
/// reference" in the AWS SDKs and Tools Reference Guide).
pub(super) fn of(env: &Environment) -> Result<SdkConfig, ConfigError> {
    let credentials = Credentials::new(
        env.text("AWS_ACCESS_KEY_ID")?,
        env.text("AWS_SECRET_ACCESS_KEY")?,
        env.optional("AWS_SESSION_TOKEN").map(str::to_owned),
        None,
        "environment",
    );
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(env.text("AWS_REGION")?.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(retry_config(env)?);
    if flag(env, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")? != Some(true) {
        config = config.service_config(Endpoints(env.clone()));
    }
    config.set_use_fips(flag(env, "AWS_USE_FIPS_ENDPOINT")?);
    config.set_use_dual_stack(flag(env, "AWS_USE_DUALSTACK_ENDPOINT")?);
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

/// Endpoints of the services: `AWS_ENDPOINT_URL_<service>`, or else `AWS_ENDPOINT_URL`.
struct Endpoints(Environment);

impl std::fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Endpoints")
    }
}

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace(' ', "_");
        let of_service = self.0.optional(&format!("{}_{service}", key.env()));
        of_service.or_else(|| self.0.optional(key.env())).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env() -> Environment {
        Environment::of([
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ])
    }

    fn endpoint(env: Environment, service: &str) -> Option<String> {
        let key =
            ServiceConfigKey::builder().service_id(service).profile("endpoint_url").env("AWS_ENDPOINT_URL");
        of(&env).unwrap().service_config()?.load_config(key.build().unwrap())
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
                "1",
                "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS must be true or false",
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

//! Configuration: read once from the environment, at cold start. Errors name the variable that is missing or
//! invalid.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};

/// Environment variables of the function.
#[derive(Clone)]
pub struct Environment(std::collections::HashMap<String, String>);

/// An environment variable is missing or invalid. The error names the variable and the rule, never the value.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The variable is not set, or empty.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// The value is invalid.
    #[error("{name} {rule}")]
    Invalid {
        /// Name of the variable.
        name: &'static str,
        /// Rule that the value violates.
        rule: String,
    },
}

/// A function that fails to start prints its error with `Debug`; this makes it print the message.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Environment {
    /// The environment variables of the process.
    #[must_use]
    pub fn from_process() -> Self {
        Self(
            std::env::vars_os()
                .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
                .collect(),
        )
    }

    /// An environment with these variables.
    #[must_use]
    pub fn of<const N: usize>(variables: [(&str, &str); N]) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// Sets a variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Returns the variable, if it is set and not empty.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Returns the variable.
    ///
    /// # Errors
    /// [`ConfigError::Missing`] if the variable is not set or empty.
    pub fn text(&self, name: &'static str) -> Result<&str, ConfigError> {
        self.optional(name).ok_or(ConfigError::Missing(name))
    }

    /// Parses the variable as a `T`.
    ///
    /// # Errors
    /// [`ConfigError`] if the variable is missing or invalid, with the message of `T`'s error.
    pub fn parse<T: FromStr>(&self, name: &'static str) -> Result<T, ConfigError>
    where
        T::Err: fmt::Display,
    {
        self.text(name)?.parse().map_err(|error: T::Err| invalid_variable(name, error.to_string()))
    }

    /// Decodes the variable, a secret of at least 32 bytes in base64.
    ///
    /// # Errors
    /// [`ConfigError`] if the variable is missing, not base64, or too short.
    pub fn secret(&self, name: &'static str) -> Result<Vec<u8>, ConfigError> {
        let bytes = STANDARD
            .decode(self.text(name)?)
            .map_err(|_| invalid_variable(name, "must be base64".to_owned()))?;
        if bytes.len() >= 32 {
            Ok(bytes)
        } else {
            Err(invalid_variable(name, "must contain at least 32 bytes".to_owned()))
        }
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

/// Creates the error for an invalid value of the variable `name`.
#[must_use]
pub const fn invalid_variable(name: &'static str, rule: String) -> ConfigError {
    ConfigError::Invalid { name, rule }
}

/// Service name, stage and OTLP settings of the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelemetryConfig {
    /// Name of the function.
    pub function: String,
    /// Name of the deployment.
    pub stage: String,
    /// Least severe level that is logged.
    pub level: tracing::Level,
    /// Collector of spans; without one, no spans are recorded.
    pub collector: Option<OtlpConfig>,
}

/// A collector that receives spans over OTLP.
#[derive(Clone, PartialEq, Eq)]
pub struct OtlpConfig {
    /// Base address, without the path of the signal.
    pub endpoint: String,
    /// Headers of every export request, such as an API key.
    pub headers: HeaderMap,
}

/// Omits the headers, which may contain keys.
impl fmt::Debug for OtlpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpConfig").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl OtlpConfig {
    /// Reads the variables that every OpenTelemetry SDK uses ("OpenTelemetry Protocol Exporter").
    fn from_env(env: &Environment) -> Result<Option<Self>, ConfigError> {
        let Some(endpoint) = env.optional("OTEL_EXPORTER_OTLP_ENDPOINT") else { return Ok(None) };
        let text = env.optional("OTEL_EXPORTER_OTLP_HEADERS").unwrap_or_default();
        let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
        let headers = pairs.map(header).collect::<Option<HeaderMap>>();
        let rule =
            || invalid_variable("OTEL_EXPORTER_OTLP_HEADERS", "must be name=value,name=value".to_owned());
        Ok(Some(Self { endpoint: endpoint.to_owned(), headers: headers.ok_or_else(rule)? }))
    }
}

fn header(pair: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = pair.split_once('=')?;
    let mut value = HeaderValue::from_str(value.trim()).ok()?;
    value.set_sensitive(true);
    Some((name.trim().parse().ok()?, value))
}

impl TelemetryConfig {
    /// Reads the telemetry settings.
    ///
    /// # Errors
    /// [`ConfigError`] if a variable is missing or invalid.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let level = match env.optional("AGORA_LOG_LEVEL") {
            Some(_) => env.parse("AGORA_LOG_LEVEL")?,
            None => tracing::Level::INFO,
        };
        Ok(Self {
            function: env.text("AWS_LAMBDA_FUNCTION_NAME")?.to_owned(),
            stage: env.optional("AGORA_STAGE").unwrap_or("dev").to_owned(),
            level,
            collector: OtlpConfig::from_env(env)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_variable_and_hide_its_value() {
        let env = Environment::of([("AGORA_KEY", "hunter2"), ("AGORA_COUNT", "many"), ("AGORA_EMPTY", "")]);
        assert_eq!(format!("{:?}", env.text("AGORA_TABLE").unwrap_err()), "AGORA_TABLE is not set");
        assert_eq!(env.text("AGORA_EMPTY").unwrap_err().to_string(), "AGORA_EMPTY is not set");
        let error = env.parse::<u32>("AGORA_COUNT").unwrap_err().to_string();
        assert!(error.starts_with("AGORA_COUNT ") && !error.contains("many"), "{error}");
        assert_eq!(env.secret("AGORA_KEY").unwrap_err().to_string(), "AGORA_KEY must be base64");
    }

    #[test]
    fn collector_requires_an_endpoint_and_hides_its_headers() {
        let env = Environment::of([("AWS_LAMBDA_FUNCTION_NAME", "f"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "")]);
        assert_eq!(TelemetryConfig::from_env(&env).unwrap().collector, None);
        let env = env.with("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
        let with_headers = env.clone().with("OTEL_EXPORTER_OTLP_HEADERS", "x-key=hunter2, x-team = a=b");
        let collector = TelemetryConfig::from_env(&with_headers).unwrap().collector.unwrap();
        assert_eq!(
            (collector.headers["x-key"].as_bytes(), collector.headers["x-team"].as_bytes()),
            (&b"hunter2"[..], &b"a=b"[..])
        );
        assert!(!format!("{collector:?}").contains("hunter2"));
        let error =
            TelemetryConfig::from_env(&env.with("OTEL_EXPORTER_OTLP_HEADERS", "hunter2")).unwrap_err();
        assert_eq!(error.to_string(), "OTEL_EXPORTER_OTLP_HEADERS must be name=value,name=value");
    }
}

//! Configuration: read once, at cold start, from the environment. What is missing or wrong is named.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The variables a function is started with.
#[derive(Clone)]
pub struct Environment(std::collections::HashMap<String, String>);

/// A variable that is missing or wrong. Says which and why, and never what it held.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It is not there, or empty.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// It does not read as what it should be.
    #[error("{name} {rule}")]
    Invalid {
        /// Which.
        name: &'static str,
        /// What it should be.
        rule: String,
    },
}

/// A start that fails prints its error in this form; the message is what the reader needs.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Environment {
    /// The process's own variables.
    #[must_use]
    pub fn of_process() -> Self {
        Self(
            std::env::vars_os()
                .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
                .collect(),
        )
    }

    /// These variables.
    #[must_use]
    pub fn of<const N: usize>(variables: [(&str, &str); N]) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// The same variables, but for this one.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The variable, if it is there and not empty.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The variable.
    ///
    /// # Errors
    /// [`ConfigError::Missing`].
    pub fn text(&self, name: &'static str) -> Result<&str, ConfigError> {
        self.optional(name).ok_or(ConfigError::Missing(name))
    }

    /// The variable, read as a `T`.
    ///
    /// # Errors
    /// [`ConfigError`] with the rule that `T` states.
    pub fn parse<T: FromStr>(&self, name: &'static str) -> Result<T, ConfigError>
    where
        T::Err: fmt::Display,
    {
        self.text(name)?.parse().map_err(|error: T::Err| invalid(name, error.to_string()))
    }

    /// The variable, a secret of at least 32 bytes in base64.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn secret(&self, name: &'static str) -> Result<Vec<u8>, ConfigError> {
        let bytes =
            STANDARD.decode(self.text(name)?).map_err(|_| invalid(name, "must be base64".to_owned()))?;
        if bytes.len() >= 32 {
            Ok(bytes)
        } else {
            Err(invalid(name, "must hold at least 32 bytes".to_owned()))
        }
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

/// The variable is there and wrong.
#[must_use]
pub const fn invalid(name: &'static str, rule: String) -> ConfigError {
    ConfigError::Invalid { name, rule }
}

/// What every function is told about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelemetryConfig {
    /// The function's name.
    pub function: String,
    /// The deployment's name.
    pub stage: String,
    /// The least severe level that is logged.
    pub level: tracing::Level,
}

impl TelemetryConfig {
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let level = match env.optional("AGORA_LOG_LEVEL") {
            Some(_) => env.parse("AGORA_LOG_LEVEL")?,
            None => tracing::Level::INFO,
        };
        Ok(Self {
            function: env.text("AWS_LAMBDA_FUNCTION_NAME")?.to_owned(),
            stage: env.optional("AGORA_STAGE").unwrap_or("dev").to_owned(),
            level,
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
}

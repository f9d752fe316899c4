//! Whether a dead letter waits for somebody.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether a dead letter waits for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterStatus {
    /// It does.
    Dead,
    /// Its message went back to its queue, and has not come back since.
    Redriven,
    /// Somebody removed its message.
    Removed,
}

impl DeadLetterStatus {
    /// Every status.
    pub const ALL: &'static [Self] = &[Self::Dead, Self::Redriven, Self::Removed];

    /// The status as the API writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Redriven => "redriven",
            Self::Removed => "removed",
        }
    }
}

/// Text that is no status of a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadLetterStatusError;

impl std::error::Error for DeadLetterStatusError {}

impl fmt::Display for DeadLetterStatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = DeadLetterStatus::ALL.iter().map(|status| status.as_str()).collect();
        write!(f, "must be one of {}", names.join(", "))
    }
}

impl FromStr for DeadLetterStatus {
    type Err = DeadLetterStatusError;

    fn from_str(text: &str) -> Result<Self, DeadLetterStatusError> {
        Self::ALL.iter().copied().find(|status| status.as_str() == text).ok_or(DeadLetterStatusError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_reads_as_it_is_stored() {
        for status in DeadLetterStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(*status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }
}

//! Whether a discrepancy waits for somebody.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether a discrepancy waits for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiscrepancyStatus {
    /// It does.
    Open,
    /// The books agree again.
    Closed,
}

impl DiscrepancyStatus {
    /// Every status.
    pub const ALL: &'static [Self] = &[Self::Open, Self::Closed];

    /// The status as the API writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// Text that is no status of a discrepancy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiscrepancyStatusError;

impl std::error::Error for DiscrepancyStatusError {}

impl fmt::Display for DiscrepancyStatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = DiscrepancyStatus::ALL.iter().map(|status| status.as_str()).collect();
        write!(f, "must be one of {}", names.join(", "))
    }
}

impl FromStr for DiscrepancyStatus {
    type Err = DiscrepancyStatusError;

    fn from_str(text: &str) -> Result<Self, DiscrepancyStatusError> {
        Self::ALL.iter().copied().find(|status| status.as_str() == text).ok_or(DiscrepancyStatusError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_reads_as_it_is_stored() {
        for status in DiscrepancyStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(*status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }
}

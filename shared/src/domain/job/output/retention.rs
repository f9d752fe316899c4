//! Retention period of jobs and their output.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::kit::system::clock::Timestamp;

/// Maximum retention period in days.
const MAX_DAYS: u16 = 365;

/// Retention period of a job in days, counted from its creation or scheduled time, and again from its start
/// if it has no output yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Retention(u16);

/// The text is not a number of days in the allowed range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a number of days from 1 to {MAX_DAYS}")]
pub struct RetentionError;

impl Retention {
    /// Expiry time, counted from `moment`.
    #[must_use]
    pub fn expires_at(self, moment: Timestamp) -> Timestamp {
        moment.saturating_add(Duration::from_hours(24 * u64::from(self.0)))
    }
}

impl FromStr for Retention {
    type Err = RetentionError;

    fn from_str(text: &str) -> Result<Self, RetentionError> {
        let days = text.parse().ok().filter(|days| (1..=MAX_DAYS).contains(days));
        days.map(Self).ok_or(RetentionError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::at;

    #[test]
    fn retention_is_1_to_365_days() {
        for text in ["", "-1", "0", "366", "1d"] {
            assert_eq!(text.parse::<Retention>(), Err(RetentionError), "{text}");
        }
        for (text, days) in [("1", 1), ("30", 30), ("365", 365)] {
            let retention: Retention = text.parse().unwrap();
            assert_eq!(retention.expires_at(at(1)), at(1 + days * 24 * 60 * 60 * 1_000));
        }
    }
}

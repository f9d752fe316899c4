//! How long jobs and their results are kept.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::kit::system::clock::Timestamp;

/// The most days that anything of a job is kept.
const MAX_DAYS: u16 = 365;

/// How long a job is kept after it was asked for, or began: so many days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Retention(u16);

/// Text that is no such number of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a number of days from 1 to {MAX_DAYS}")]
pub struct RetentionError;

impl Retention {
    /// When what is kept from `moment` on is gone.
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

//! Retention period of jobs and their output.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::kit::system::clock::Timestamp;

/// Retention period of a job in days, counted from its creation or scheduled time, and again from its start
/// if it has no output yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Retention(u16);

impl Retention {
    /// Retention period of this number of days.
    #[must_use]
    pub const fn of_days(days: u16) -> Self {
        Self(days)
    }

    /// Expiry time, counted from `moment`.
    #[must_use]
    pub fn expires_at(self, moment: Timestamp) -> Timestamp {
        moment.saturating_add(Duration::from_hours(24 * u64::from(self.0)))
    }
}

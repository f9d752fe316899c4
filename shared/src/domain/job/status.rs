//! How far a job is.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// It waits for its time, its turn, or its next attempt.
    Queued,
    /// Somebody has taken it up.
    Running,
    /// It is done, and there is a result.
    Succeeded,
    /// It cannot be done, whoever tries: what it is about is gone.
    Failed,
    /// Every attempt failed; its message is among the dead letters.
    Dead,
    /// Its owner called it off.
    Cancelled,
}

impl JobStatus {
    /// Every status, in the order of a job's life.
    pub const ALL: &'static [Self] =
        &[Self::Queued, Self::Running, Self::Succeeded, Self::Failed, Self::Dead, Self::Cancelled];

    /// The status as the API writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether the job is on its way to its end.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }
}

/// Text that is no status of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobStatusError;

impl std::error::Error for JobStatusError {}

impl fmt::Display for JobStatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = JobStatus::ALL.iter().map(|status| status.as_str()).collect();
        write!(f, "must be one of {}", names.join(", "))
    }
}

impl FromStr for JobStatus {
    type Err = JobStatusError;

    fn from_str(text: &str) -> Result<Self, JobStatusError> {
        Self::ALL.iter().copied().find(|status| status.as_str() == text).ok_or(JobStatusError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_reads_as_it_is_stored() {
        for status in JobStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(*status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }
}

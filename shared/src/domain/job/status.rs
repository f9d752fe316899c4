//! How far a job is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::values::string_enum::spelled;

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
    /// Whether the job is on its way to its end.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }
}

spelled! {
    JobStatus,
    /// Text that is no status of a job.
    JobStatusError:
    Queued = "queued",
    Running = "running",
    Succeeded = "succeeded",
    Failed = "failed",
    Dead = "dead",
    Cancelled = "cancelled",
}

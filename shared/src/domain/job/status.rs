//! Job status.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, VariantArray};

use crate::domain::values::unknown_value::UnknownValue;

/// Status of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[derive(Display, EnumString, VariantArray)]
#[strum(serialize_all = "snake_case", parse_err_ty = UnknownValue, parse_err_fn = UnknownValue::of::<Self>)]
pub enum JobStatus {
    /// Waits for its scheduled time, its turn or its next attempt.
    Queued,
    /// A worker executes the job.
    Running,
    /// Complete; the result is available.
    Succeeded,
    /// Cannot be completed, for example because the market was deleted.
    Failed,
    /// All attempts failed; the message of the job is a dead letter.
    Dead,
    /// Cancelled by its owner.
    Cancelled,
}

impl JobStatus {
    /// Returns true if the job has not ended.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }
}

//! Whether a dead letter waits for somebody.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::values::string_enum::spelled;

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

spelled! {
    DeadLetterStatus,
    /// Text that is no status of a dead letter.
    DeadLetterStatusError:
    Dead = "dead",
    Redriven = "redriven",
    Removed = "removed",
}

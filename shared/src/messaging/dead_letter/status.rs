//! Dead-letter status.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::values::string_enum::string_enum;

/// Status of a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterStatus {
    /// Waiting for a redrive or removal.
    Dead,
    /// The message was sent to its queue again and has not failed since.
    Redriven,
    /// The message was removed.
    Removed,
}

string_enum! {
    DeadLetterStatus,
    /// The text is not a dead-letter status.
    DeadLetterStatusError:
    Dead = "dead",
    Redriven = "redriven",
    Removed = "removed",
}

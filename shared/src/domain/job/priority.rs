//! Whether a job waits behind others.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether a job waits behind others: each priority has a queue of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// It waits behind none of the normal ones.
    High,
    /// It waits its turn.
    #[default]
    Normal,
}

/// Text that is no priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of high, normal")]
pub struct PriorityError;

impl FromStr for Priority {
    type Err = PriorityError;

    fn from_str(text: &str) -> Result<Self, PriorityError> {
        match text {
            "high" => Ok(Self::High),
            "normal" => Ok(Self::Normal),
            _ => Err(PriorityError),
        }
    }
}

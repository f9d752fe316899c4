//! Job priority.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Priority of a job. Each priority has its own queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Not delayed by jobs of normal priority.
    High,
    /// Default priority.
    #[default]
    Normal,
}

/// The text is not a priority.
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

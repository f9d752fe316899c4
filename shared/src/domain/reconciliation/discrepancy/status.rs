//! Whether a discrepancy waits for somebody.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::values::string_enum::spelled;

/// Whether a discrepancy waits for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiscrepancyStatus {
    /// It does.
    Open,
    /// The books agree again.
    Closed,
}

spelled! {
    DiscrepancyStatus,
    /// Text that is no status of a discrepancy.
    DiscrepancyStatusError:
    Open = "open",
    Closed = "closed",
}

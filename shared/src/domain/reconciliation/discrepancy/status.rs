//! Discrepancy status.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::values::string_enum::string_enum;

/// Status of a discrepancy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiscrepancyStatus {
    /// The ledgers disagree.
    Open,
    /// The ledgers agree again.
    Closed,
}

string_enum! {
    DiscrepancyStatus,
    /// The text is not a discrepancy status.
    DiscrepancyStatusError:
    Open = "open",
    Closed = "closed",
}

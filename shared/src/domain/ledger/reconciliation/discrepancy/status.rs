//! Discrepancy status.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, VariantArray};

use crate::domain::values::unknown_value::UnknownValue;

/// Status of a discrepancy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[derive(Display, EnumString, VariantArray)]
#[strum(serialize_all = "snake_case", parse_err_ty = UnknownValue, parse_err_fn = UnknownValue::of::<Self>)]
pub enum DiscrepancyStatus {
    /// The ledgers disagree.
    Open,
    /// The ledgers agree again.
    Closed,
}

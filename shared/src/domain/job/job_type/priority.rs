//! Job priority.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, VariantArray};

use crate::domain::values::unknown_value::UnknownValue;

/// Priority of a job. Each priority has its own queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[derive(Display, EnumString, VariantArray)]
#[strum(serialize_all = "snake_case", parse_err_ty = UnknownValue, parse_err_fn = UnknownValue::of::<Self>)]
pub enum Priority {
    /// Not delayed by jobs of normal priority.
    High,
    /// Default priority.
    #[default]
    Normal,
}

//! Registry of job types: their parameters and their execution policies.

pub mod params;
pub mod policy;
pub mod priority;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, VariantArray};

use crate::domain::values::unknown_value::UnknownValue;
pub use params::{DataExport, JobParams, Reindex, SalesReport};
pub use policy::JobPolicy;

/// Type of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[derive(Display, EnumString, VariantArray)]
#[strum(serialize_all = "snake_case", parse_err_ty = UnknownValue, parse_err_fn = UnknownValue::of::<Self>)]
pub enum JobType {
    /// A sales report of one market.
    SalesReport,
    /// A rebuild of the search entries and totals of one market, or of everything.
    Reindex,
    /// An export of all data of the owner's account.
    DataExport,
}

//! Parameters of each job type.

use serde::{Deserialize, Serialize};

use super::JobType;
use crate::domain::market::MarketId;
use crate::domain::values::period::Period;
use crate::kit::system::clock::Timestamp;

/// Type and parameters of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "params", rename_all = "snake_case")]
pub enum JobParams {
    /// A sales report of one market.
    SalesReport(SalesReport),
    /// A rebuild of the search entries and totals of one market, or of everything.
    Reindex(Reindex),
    /// An export of all data of the owner's account.
    DataExport(DataExport),
}

impl JobParams {
    /// Market that the job refers to, if it refers to one.
    #[must_use]
    pub const fn market_id(&self) -> Option<MarketId> {
        match self {
            Self::SalesReport(report) => Some(report.market_id),
            Self::Reindex(reindex) => reindex.market_id,
            Self::DataExport(_) => None,
        }
    }

    /// Type of the job.
    #[must_use]
    pub const fn kind(self) -> JobType {
        match self {
            Self::SalesReport(_) => JobType::SalesReport,
            Self::Reindex(_) => JobType::Reindex,
            Self::DataExport(_) => JobType::DataExport,
        }
    }
}

/// Parameters of a sales report: the orders of a market in a period, one row per order, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SalesReport {
    /// Id of the market.
    pub market_id: MarketId,
    /// Start of the period (inclusive); `None` for no lower bound.
    pub from: Option<Timestamp>,
    /// End of the period (exclusive).
    pub to: Timestamp,
}

/// Parameters of a reindex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reindex {
    /// Id of the market; `None` for all markets and accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market_id: Option<MarketId>,
}

/// Parameters of a data export: none, because it contains all data of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataExport {}

impl SalesReport {
    /// Period in which the orders were placed.
    #[must_use]
    pub const fn period(&self) -> Period {
        Period { from: self.from, to: Some(self.to) }
    }
}

//! Parameters of each job type.

use serde::{Deserialize, Serialize};

use super::JobType;
use crate::domain::market::MarketId;
use crate::domain::order::OrderId;
use crate::domain::values::id::Id;
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
    /// Lowest and highest id that an order of the period can have; `None` if the period contains no possible
    /// id.
    #[must_use]
    pub fn bounds(&self) -> Option<(OrderId, OrderId)> {
        let first = self.from.map_or(Id::of_digest(0), Id::first_at);
        Some((first, Id::last_before(self.to)?)).filter(|(first, last)| first <= last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::system::clock::SystemEntropy;

    fn report(from: Option<i64>, to: i64) -> SalesReport {
        let market_id = "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap();
        let from = from.map(Timestamp::from_millis);
        SalesReport { market_id, from, to: Timestamp::from_millis(to) }
    }

    fn covers(report: &SalesReport, placed: i64) -> bool {
        let id = OrderId::generate(Timestamp::from_millis(placed), &SystemEntropy);
        report.bounds().is_some_and(|(first, last)| first <= id && id <= last)
    }

    #[test]
    fn period_includes_its_start_and_excludes_its_end() {
        let bounded = report(Some(1_000), 2_000);
        for (placed, covered) in [(999, false), (1_000, true), (1_999, true), (2_000, false)] {
            assert_eq!(covers(&bounded, placed), covered, "{placed}");
        }
        let open = report(None, 2_000);
        assert!(covers(&open, 0) && covers(&open, 1_999) && !covers(&open, 2_000));
    }

    #[test]
    fn period_is_limited_to_the_time_range_of_ids() {
        assert_eq!(report(None, -5).bounds(), None);
        assert_eq!(report(Some(3_000), 2_000).bounds(), None);
        assert!(covers(&report(Some(-5), i64::MAX), 1_000));
    }
}

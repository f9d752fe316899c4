//! What jobs do.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::market::MarketId;
use crate::domain::order::OrderId;
use crate::domain::values::id::Id;
use crate::kit::system::clock::Timestamp;

/// A kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobType {
    /// [`SalesReport`].
    SalesReport,
}

/// Text that is no kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of sales_report")]
pub struct JobTypeError;

impl FromStr for JobType {
    type Err = JobTypeError;

    fn from_str(text: &str) -> Result<Self, JobTypeError> {
        if text == "sales_report" { Ok(Self::SalesReport) } else { Err(JobTypeError) }
    }
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "params", rename_all = "snake_case")]
pub enum JobParams {
    /// A table of the orders of a market.
    SalesReport(SalesReport),
}

impl JobParams {
    /// Which kind of work it is.
    #[must_use]
    pub const fn kind(self) -> JobType {
        match self {
            Self::SalesReport(_) => JobType::SalesReport,
        }
    }
}

/// The orders of a market in a period: one row each, the oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SalesReport {
    /// Which market.
    pub market_id: MarketId,
    /// Orders that were placed then or later; from the first on, if `None`.
    pub from: Option<Timestamp>,
    /// Orders that were placed before.
    pub to: Timestamp,
}

impl SalesReport {
    /// The least and the greatest id that an order of the period can have; none, if the period is before all orders.
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
    fn a_period_begins_with_its_first_moment_and_ends_before_its_last() {
        let bounded = report(Some(1_000), 2_000);
        for (placed, covered) in [(999, false), (1_000, true), (1_999, true), (2_000, false)] {
            assert_eq!(covers(&bounded, placed), covered, "{placed}");
        }
        let open = report(None, 2_000);
        assert!(covers(&open, 0) && covers(&open, 1_999) && !covers(&open, 2_000));
    }

    #[test]
    fn a_period_outside_of_the_time_that_ids_know_is_cut_off() {
        assert_eq!(report(None, -5).bounds(), None);
        assert_eq!(report(Some(3_000), 2_000).bounds(), None);
        assert!(covers(&report(Some(-5), i64::MAX), 1_000));
    }
}

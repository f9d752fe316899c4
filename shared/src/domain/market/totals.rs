//! Sales totals of a market.

use serde::{Deserialize, Serialize};

use super::summary::MarketSummary;
use super::{Market, MarketId, MarketStatus};
use crate::kit::command::{EventId, Version};

/// Sales totals of a market. They are stored separately from the market and have their own version: a sale
/// does not change the market, and updates of the market do not conflict with sales. Only the analytics
/// consumer and the recount of a reindex job write them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MarketTotals {
    /// Id of the market.
    pub market_id: MarketId,
    /// Version for optimistic locking.
    pub version: Version,
    /// Status of the market, by which the totals are indexed.
    pub status: MarketStatus,
    /// Number of confirmed orders.
    pub orders: i64,
    /// Captured amount of these orders, in minor units of the market's currency. Later refunds are not
    /// subtracted.
    pub volume: i64,
    /// Recount that the totals belong to; `None` if the orders were never recounted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recount: Option<EventId>,
    /// True while a recount resets the totals. Meanwhile no order of the market is counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resetting: bool,
}

/// Market with its sales volume.
pub type MarketWithVolume = WithVolume<Market>;

/// Summary of a market, with its sales volume.
pub type SummaryWithVolume = WithVolume<MarketSummary>;

/// A market or its summary, with the sales volume of the market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithVolume<M> {
    /// The market.
    pub market: M,
    /// Sales volume so far, in minor units of the market's currency.
    pub volume: i64,
}

impl<M> WithVolume<M> {
    /// Combines a market with its totals. A market without totals is new and has no sales.
    #[must_use]
    pub fn new(market: M, totals: Option<&MarketTotals>) -> Self {
        Self { market, volume: totals.map_or(0, |totals| totals.volume) }
    }
}

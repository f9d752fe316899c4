//! What was sold in a market, all in all.

use serde::{Deserialize, Serialize};

use super::{Market, MarketId, MarketStatus};
use crate::kit::command::Version;

/// What was sold in a market, beside it and with versions of its own: selling does not change the market, and its creator
/// does not wait for its buyers. Nobody but the analytics writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MarketTotals {
    /// Of which market.
    pub market_id: MarketId,
    /// Counts their changes.
    pub version: Version,
    /// The status of the market, by which they are listed.
    pub status: MarketStatus,
    /// How many orders got confirmed.
    pub orders: i64,
    /// What was captured for them, in minor units of the market's currency. What went back later is not taken from it.
    pub volume: i64,
}

/// A market with what was sold in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketWithVolume {
    /// The market.
    pub market: Market,
    /// Its volume so far, in minor units of its currency.
    pub volume: i64,
}

impl MarketWithVolume {
    /// The market with its figures. One that was opened a moment ago has none yet, and has sold nothing.
    #[must_use]
    pub fn new(market: Market, figures: Option<&MarketTotals>) -> Self {
        Self { market, volume: figures.map_or(0, |figures| figures.volume) }
    }
}

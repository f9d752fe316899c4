//! Summary of a market: the part that lists show.

use serde::{Deserialize, Serialize};

use super::{Market, MarketId, MarketStatus};
use crate::domain::user::UserId;
use crate::domain::values::money::Currency;
use crate::domain::values::text::Name;
use crate::kit::system::clock::Timestamp;

/// Part of a market that lists show. It has neither the description, which can be long, nor anything that
/// every update changes, such as the version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MarketSummary {
    /// Id of the market.
    pub id: MarketId,
    /// Name.
    pub name: Name,
    /// Status.
    pub status: MarketStatus,
    /// Currency of all prices in the market.
    pub currency: Currency,
    /// User who created the market and sells in it.
    pub creator_id: UserId,
    /// Time of creation.
    pub created_at: Timestamp,
}

impl From<&Market> for MarketSummary {
    fn from(market: &Market) -> Self {
        Self {
            id: market.id,
            name: market.name.clone(),
            status: market.status,
            currency: market.currency,
            creator_id: market.creator_id,
            created_at: market.created_at,
        }
    }
}

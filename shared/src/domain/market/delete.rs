//! Deleting a market.

use super::{Market, MarketEvent, MarketId};
use crate::domain::access::{AccessError, forbid_unless, require_version};
use crate::domain::values::actor::Actor;
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Deletes a market. Its products can no longer be read or ordered. Existing orders are not affected.
#[derive(Debug, Clone)]
pub struct DeleteMarket {
    /// Id of the market.
    pub id: MarketId,
    /// Actor that deletes the market.
    pub by: Actor,
    /// Expected version; `None` accepts any version.
    pub expected: Option<Version>,
}

impl Command for DeleteMarket {
    type State = Option<Market>;
    type Output = ();
    type Error = AccessError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`AccessError`].
    fn decide(&self, market: Self::State, now: Timestamp) -> Result<Change<(), AccessError>, AccessError> {
        let market = market.filter(|market| market.is_visible_to(Some(&self.by)));
        let market = market.ok_or(AccessError::NotFound)?;
        forbid_unless(market.is_owned_by(&self.by), "only the creator of the market can delete it")?;
        require_version(market.version, self.expected)?;
        let last = Market { version: market.version.next(), updated_at: now, ..market };
        Ok(Change::of(()).delete_entity(&last, MarketEvent::Deleted { market_id: last.id }))
    }
}

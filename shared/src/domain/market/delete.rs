//! Deleting a market.

use super::{Market, MarketEvent, MarketId};
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

/// Reason why a market cannot be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeleteMarketError {
    /// The market does not exist or is not visible to the actor.
    #[error("market not found")]
    NotFound,
    /// The actor did not create the market.
    #[error("only the creator of the market can delete it")]
    Forbidden,
    /// The market is not at the expected version.
    #[error("the market was changed meanwhile")]
    VersionMismatch,
}

impl Command for DeleteMarket {
    type State = Option<Market>;
    type Output = ();
    type Error = DeleteMarketError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`DeleteMarketError`].
    fn decide(
        &self,
        market: Self::State,
        now: Timestamp,
    ) -> Result<Change<(), DeleteMarketError>, DeleteMarketError> {
        let market = market.filter(|market| market.is_visible_to(Some(&self.by)));
        let market = market.ok_or(DeleteMarketError::NotFound)?;
        if !market.is_owned_by(&self.by) {
            return Err(DeleteMarketError::Forbidden);
        }
        if !market.version.matches(self.expected) {
            return Err(DeleteMarketError::VersionMismatch);
        }
        let last = Market { version: market.version.next(), updated_at: now, ..market };
        Ok(Change::of(()).delete_entity(&last, MarketEvent::Deleted { market_id: last.id }))
    }
}

//! Removing a market.

use super::{Market, MarketEvent, MarketId};
use crate::domain::values::actor::Actor;
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Removes a market. Its products can no longer be seen or ordered; orders that were placed go on.
#[derive(Debug, Clone)]
pub struct DeleteMarket {
    /// Which market.
    pub id: MarketId,
    /// Who removes it.
    pub by: Actor,
    /// The version that must be there; any, if `None`.
    pub expected: Option<Version>,
}

/// Why a market cannot be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeleteMarketError {
    /// There is no such market, or it is none of the actor's business.
    #[error("there is no such market")]
    NotFound,
    /// It is somebody else's.
    #[error("only its creator removes a market")]
    NotYours,
    /// It is not at the version that the actor has seen.
    #[error("the market has changed")]
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
            return Err(DeleteMarketError::NotYours);
        }
        if !market.version.matches(self.expected) {
            return Err(DeleteMarketError::VersionMismatch);
        }
        let last = Market { version: market.version.next(), updated_at: now, ..market };
        Ok(Change::of(()).delete_entity(&last, MarketEvent::Deleted { market_id: last.id }))
    }
}

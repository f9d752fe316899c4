//! Deleting a market.

use super::{Market, MarketEvent, MarketId};
use crate::domain::access::{AccessError, forbid_unless, require_version};
use crate::domain::values::actor::Actor;
use crate::kit::command::{Change, Command, ReadSet, VersionSet};
use crate::kit::system::clock::Timestamp;

/// Deletes a market. Its products can no longer be read or ordered. Existing orders are not affected.
#[derive(Debug, Clone)]
pub struct DeleteMarket {
    /// Id of the market.
    pub id: MarketId,
    /// Actor that deletes the market.
    pub by: Actor,
    /// Accepted versions; `None` accepts any version.
    pub expected: Option<VersionSet>,
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
    fn decide(&self, market: Self::State, _: Timestamp) -> Result<Change<(), AccessError>, AccessError> {
        let market = market.filter(|market| market.is_visible_to(Some(&self.by)));
        let market = market.ok_or(AccessError::not_found(self.id))?;
        forbid_unless(market.is_owned_by(&self.by), "only the creator of the market can delete it")?;
        require_version(market.id, market.version, self.expected.as_ref())?;
        let last = Market { version: market.version.next(), ..market };
        Ok(Change::of(()).delete_entity(&last, MarketEvent::Deleted { market_id: last.id }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::market::MarketStatus;
    use crate::domain::tests::{SELLER, STRANGER, actor, at, decide, market, refusal, third};
    use crate::kit::command::{Condition, Operation, Version};

    fn delete(by: &str) -> DeleteMarket {
        DeleteMarket { id: market().id, by: actor(by), expected: Some(third().into()) }
    }

    #[test]
    fn creator_deletes_the_market() {
        for expected in [None, Some(third().into())] {
            let deleted = decide(&DeleteMarket { expected, ..delete(SELLER) }, Some(market()), at(7));
            assert_eq!(deleted.events(), [("market.deleted", third().next())]);
            let write = deleted.write::<Market>(&market().id);
            assert!(matches!(write.operation, Operation::Delete));
            assert_eq!(write.condition, Condition::AtVersion(third()));
        }
    }

    #[test]
    fn deletion_is_refused_without_market_ownership_or_version() {
        let forbidden = AccessError::Forbidden("only the creator of the market can delete it");
        let draft = Market { status: MarketStatus::Draft, ..market() };
        for (command, state, error) in [
            (delete(SELLER), None, AccessError::not_found(market().id)),
            (delete(STRANGER), Some(draft), AccessError::not_found(market().id)),
            (delete(STRANGER), Some(market()), forbidden),
            (
                DeleteMarket { expected: Some(Version::FIRST.into()), ..delete(SELLER) },
                Some(market()),
                AccessError::VersionMismatch(market().id.into()),
            ),
        ] {
            assert_eq!(refusal(&command, state, at(7)), error);
        }
    }
}

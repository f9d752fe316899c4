//! Deleting a market.

use super::settings::{MarketCommission, MarketShipping, MarketTax};
use super::status_copy::remove_status_copies;
use super::{Market, MarketEvent, MarketId, MarketStatus};
use crate::domain::access::{AccessError, forbid_unless, require_version};
use crate::domain::values::actor::Actor;
use crate::kit::command::{Change, Command, ReadSet, VersionSet};
use crate::kit::system::clock::Timestamp;

/// Deletes a market. Its products can no longer be read or ordered. Its orders have all ended and remain
/// readable.
#[derive(Debug, Clone)]
pub struct DeleteMarket {
    /// Id of the market.
    pub id: MarketId,
    /// Actor that deletes the market.
    pub by: Actor,
    /// True if orders of the market have not ended. The number of these orders is updated a little later than
    /// the orders.
    pub has_open_orders: bool,
    /// Accepted versions; `None` accepts any version.
    pub expected: Option<VersionSet>,
}

/// Reason why a market cannot be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeleteMarketError {
    /// The actor has no access to the market.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The market is suspended.
    #[error("market {0} is suspended; it can be deleted once the suspension is lifted")]
    Suspended(MarketId),
    /// Orders of the market have not ended.
    #[error("market {0} has open orders; deliver, cancel or refund them first")]
    OpenOrders(MarketId),
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
        _: Timestamp,
    ) -> Result<Change<(), DeleteMarketError>, DeleteMarketError> {
        let market = market.filter(|market| market.is_visible_to(Some(&self.by)));
        let market = market.ok_or(AccessError::not_found(self.id))?;
        forbid_unless(market.is_owned_by(&self.by), "only the creator of the market can delete it")?;
        require_version(market.id, market.version, self.expected.as_ref())?;
        if market.status == MarketStatus::Suspended {
            return Err(DeleteMarketError::Suspended(market.id));
        }
        if self.has_open_orders {
            return Err(DeleteMarketError::OpenOrders(market.id));
        }
        let last = Market { version: market.version.next(), ..market };
        let change = Change::of(()).delete_entity(&last, MarketEvent::Deleted { market_id: last.id });
        let change = change.remove::<MarketShipping>(&last.id).remove::<MarketTax>(&last.id);
        let change = change.remove::<MarketCommission>(&last.id);
        Ok(remove_status_copies(change, last.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::market::status_copy::{STATUS_COPIES, StatusCopy, StatusCopyKey};
    use crate::domain::tests::{SELLER, STRANGER, actor, at, decide, market, refusal, third};
    use crate::kit::command::{Condition, Operation, Version};

    fn delete(by: &str) -> DeleteMarket {
        DeleteMarket {
            id: market().id,
            by: actor(by),
            has_open_orders: false,
            expected: Some(third().into()),
        }
    }

    #[test]
    fn creator_deletes_the_market() {
        for expected in [None, Some(third().into())] {
            let deleted = decide(&DeleteMarket { expected, ..delete(SELLER) }, Some(market()), at(7));
            assert_eq!(deleted.events(), [("market.deleted", third().next())]);
            let write = deleted.write::<Market>(&market().id);
            assert!(matches!(write.operation, Operation::Delete));
            assert_eq!(write.condition, Condition::AtVersion(third()));
            for number in 0..STATUS_COPIES {
                let copy = deleted.write::<StatusCopy>(&StatusCopyKey { market_id: market().id, number });
                assert!(matches!(copy.operation, Operation::Delete));
            }
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
            assert_eq!(refusal(&command, state, at(7)), error.into());
        }
    }

    #[test]
    fn market_that_is_suspended_or_has_open_orders_is_not_deleted() {
        let suspended = Market { status: MarketStatus::Suspended, ..market() };
        let id = market().id;
        assert_eq!(refusal(&delete(SELLER), Some(suspended), at(7)), DeleteMarketError::Suspended(id));
        let with_orders = DeleteMarket { has_open_orders: true, ..delete(SELLER) };
        assert_eq!(refusal(&with_orders, Some(market()), at(7)), DeleteMarketError::OpenOrders(id));
        let closed = Market { status: MarketStatus::Closed, ..market() };
        assert_eq!(refusal(&with_orders, Some(closed.clone()), at(7)), DeleteMarketError::OpenOrders(id));
        assert!(delete(SELLER).decide(Some(closed), at(7)).is_ok());
    }
}

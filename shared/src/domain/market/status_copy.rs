//! Copies of the status of a market, of which each new order checks one.
//!
//! A check in a transaction takes two write units for each kilobyte of the item, and two transactions that
//! contain the same item conflict, even if both only check it. Orders therefore do not check the market itself,
//! which can be 20 KB large, but one of several small items in partitions of their own.

use serde::{Deserialize, Serialize};

use super::{Market, MarketId, MarketStatus};
use crate::domain::order::OrderId;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Number of copies for each market.
pub const STATUS_COPIES: u32 = 8;

/// Copy of the status of a market. All copies are written in the transaction that changes the status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusCopy {
    /// Status of the market.
    pub status: MarketStatus,
}

/// Key of a [`StatusCopy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusCopyKey {
    /// Id of the market.
    pub market_id: MarketId,
    /// Number of the copy, below [`STATUS_COPIES`].
    pub number: u32,
}

impl StatusCopyKey {
    /// Key of the copy that an order checks. The random bits of the order's id select it.
    #[must_use]
    pub fn of_order(market_id: MarketId, order: OrderId) -> Self {
        Self { market_id, number: order.shard(STATUS_COPIES) }
    }

    /// Keys of all copies.
    fn all(market_id: MarketId) -> impl Iterator<Item = Self> {
        (0..STATUS_COPIES).map(move |number| Self { market_id, number })
    }
}

/// Adds the copies of the status of `market` to `change`, which saves the market.
#[must_use]
pub fn write_status_copies<T, E>(change: Change<T, E>, market: &Market) -> Change<T, E> {
    let copy = StatusCopy { status: market.status };
    StatusCopyKey::all(market.id).fold(change, |change, key| change.overwrite(&key, &copy))
}

/// Adds the deletion of the copies to `change`, which deletes the market.
pub(super) fn remove_status_copies<T, E>(change: Change<T, E>, id: MarketId) -> Change<T, E> {
    StatusCopyKey::all(id).fold(change, |change, key| change.remove::<StatusCopy>(&key))
}

/// Writes the copies of the status of a market that was created or changed by a version without copies.
#[derive(Debug, Clone, Copy)]
pub struct RestoreStatusCopies {
    /// Id of the market.
    pub id: MarketId,
}

/// The market does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("market {0} not found")]
pub struct NoMarket(MarketId);

impl Command for RestoreStatusCopies {
    type State = Option<Market>;
    type Output = ();
    type Error = NoMarket;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`NoMarket`].
    fn decide(&self, market: Self::State, _: Timestamp) -> Result<Change<(), NoMarket>, NoMarket> {
        let market = market.ok_or(NoMarket(self.id))?;
        Ok(write_status_copies(Change::of(()).require_unchanged(&market), &market))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::domain::tests::{at, decide, market, refusal, third};
    use crate::kit::command::{Condition, Operation};
    use crate::kit::system::clock::SystemEntropy;

    #[test]
    fn copies_are_restored_unless_the_market_changes() {
        let restore = RestoreStatusCopies { id: market().id };
        let restored = decide(&restore, Some(market()), at(7));
        assert_eq!(restored.write::<Market>(&market().id).condition, Condition::AtVersion(third()));
        assert!(StatusCopyKey::all(market().id).all(|key| {
            let copy = restored.write::<StatusCopy>(&key);
            matches!(copy.operation, Operation::Put { .. })
        }));
        assert_eq!(refusal(&restore, None, at(7)), NoMarket(market().id));
    }

    #[test]
    fn orders_check_all_copies_about_equally_often() {
        let mut checks: HashMap<StatusCopyKey, u32> = HashMap::new();
        for _ in 0..8_000 {
            let order = OrderId::generate(Timestamp::from_millis(1_800_000_000_000), &SystemEntropy);
            *checks.entry(StatusCopyKey::of_order(market().id, order)).or_default() += 1;
        }
        // Each copy has 1,000 checks on average, with a standard deviation of 30.
        let expected = 700..1_300;
        assert!(StatusCopyKey::all(market().id).all(|key| expected.contains(&checks[&key])), "{checks:?}");
    }
}

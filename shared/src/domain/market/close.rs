//! Closing a market whose creator can no longer sell.

use super::status_copy::write_status_copies;
use super::{Market, MarketEvent, MarketId, MarketStatus};
use crate::domain::user::{User, UserId, UserStatus};
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Closes an active market of an account that is suspended or deleted. A reinstated seller opens it again.
#[derive(Debug, Clone, Copy)]
pub struct CloseMarket {
    /// Id of the market.
    pub id: MarketId,
    /// Creator of the market.
    pub creator: UserId,
}

/// The market does not exist or is not active, or the account of its creator is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the market is not to be closed")]
pub struct NotToBeClosed;

impl Command for CloseMarket {
    type State = (Option<Market>, Option<User>);
    type Output = ();
    type Error = NotToBeClosed;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id).and(ReadSet::get(&self.creator))
    }

    /// # Errors
    /// [`NotToBeClosed`].
    fn decide(
        &self,
        (market, creator): Self::State,
        now: Timestamp,
    ) -> Result<Change<(), NotToBeClosed>, NotToBeClosed> {
        let sells = creator.is_some_and(|creator| creator.status == UserStatus::Active);
        let is_open =
            |market: &Market| market.status == MarketStatus::Active && market.creator_id == self.creator;
        let market = market.filter(|market| is_open(market) && !sells).ok_or(NotToBeClosed)?;
        let (version, status) = (market.version.next(), MarketStatus::Closed);
        let closed = Market { version, status, updated_at: now, ..market };
        let change = Change::of(()).save(&closed, MarketEvent::Changed { market_id: closed.id });
        Ok(write_status_copies(change, &closed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{SELLER, at, decide, market, refusal, third, user};

    #[test]
    fn market_is_closed_only_if_active_without_an_active_seller() {
        let creator: UserId = SELLER.parse().unwrap();
        let close = CloseMarket { id: market().id, creator };
        let seller = || User { id: creator, ..user() };
        let suspended = || User { status: UserStatus::Suspended, ..seller() };
        for account in [None, Some(suspended())] {
            let closed = decide(&close, (Some(market()), account), at(7));
            let expected = Market {
                version: third().next(),
                status: MarketStatus::Closed,
                updated_at: at(7),
                ..market()
            };
            assert_eq!(closed.stored::<Market>(), expected);
            assert_eq!(closed.writes.len(), 1 + 8, "the market and all copies of its status");
            assert_eq!(closed.events(), [("market.changed", expected.version)]);
            assert_eq!(refusal(&close, (Some(expected), Some(suspended())), at(8)), NotToBeClosed);
        }
        assert_eq!(refusal(&close, (Some(market()), Some(seller())), at(7)), NotToBeClosed);
        assert_eq!(refusal(&close, (None, None), at(7)), NotToBeClosed);
        let moderated = Market { status: MarketStatus::Suspended, ..market() };
        assert_eq!(refusal(&close, (Some(moderated), None), at(7)), NotToBeClosed);
    }
}

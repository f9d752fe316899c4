//! Forgetting what was counted of entities, before their events are replayed.
//!
//! The contribution of each entity is subtracted in the transaction that deletes its tally, so that the next
//! event counts the whole entity once. The tally of a market remains, because it exists only together with the
//! totals: it is emptied, and marked as counted in no recount.

use std::collections::{BTreeMap, BTreeSet};

use super::{Counted, Subject, Tally};
use crate::domain::market::MarketId;
use crate::domain::market::totals::MarketTotals;
use crate::domain::order::OrderId;
use crate::kit::command::{Change, Command, EventId, NoEvents, ReadSet, Version};
use crate::kit::system::clock::Timestamp;
use crate::projections::tally::delta::{CounterDelta, SalesDelta};

/// Forgets what was counted of entities, in one transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForgetTallies {
    subjects: BTreeSet<Subject>,
    /// Market of each order.
    orders: BTreeMap<OrderId, MarketId>,
}

/// The totals of a market are being reset by a recount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the totals of market {0} are being recounted")]
pub struct BeingRecounted(MarketId);

impl ForgetTallies {
    /// Adds an account, a market or a product.
    pub fn add(&mut self, subject: Subject) {
        self.subjects.insert(subject);
    }

    /// Adds an order and its market.
    pub fn order(&mut self, id: OrderId, market: MarketId) {
        self.subjects.insert(Subject::Order(id));
        self.orders.insert(id, market);
    }

    fn markets(&self) -> BTreeSet<MarketId> {
        self.orders.values().copied().collect()
    }
}

impl Command for ForgetTallies {
    type State = (Vec<Option<Tally>>, Vec<Option<MarketTotals>>);
    type Output = ();
    type Error = BeingRecounted;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get_all(&self.subjects).and(ReadSet::get_all(&self.markets()))
    }

    /// # Errors
    /// [`BeingRecounted`] if the market of an order is being recounted.
    fn decide(
        &self,
        (tallies, totals): Self::State,
        _: Timestamp,
    ) -> Result<Change<(), BeingRecounted>, BeingRecounted> {
        let totals: BTreeMap<MarketId, MarketTotals> =
            totals.into_iter().flatten().map(|totals| (totals.market_id, totals)).collect();
        if let Some(resetting) = totals.values().find(|totals| totals.resetting) {
            return Err(BeingRecounted(resetting.market_id));
        }
        let (mut change, mut delta) = (Change::of(()), CounterDelta::default());
        let counted = tallies.into_iter().flatten().filter(|tally| !tally.is_tombstone());
        for tally in counted {
            let totals = self.market_of(tally.id).and_then(|market| totals.get(&market));
            match totals {
                // Counted before the last recount: the totals of the market do not contain it.
                Some(totals) if totals.recount != tally.recount => delta.remove(&tally.without_market()),
                _ => delta.remove(&tally),
            }
            let next = tally.forgotten();
            change = match tally.id {
                Subject::Market(_) => change.save(&next, NoEvents),
                _ => change.delete_entity(&next, NoEvents),
            };
        }
        for (market, totals) in totals {
            let sold = delta.sold_in(market);
            // A recount that begins meanwhile makes this transaction fail.
            change = if sold.is_zero() {
                change.require_unchanged(&totals)
            } else {
                change.save(&subtracted(totals, sold), NoEvents)
            };
        }
        Ok(delta.applied_to(change))
    }
}

impl ForgetTallies {
    fn market_of(&self, subject: Subject) -> Option<MarketId> {
        match subject {
            Subject::Order(id) => self.orders.get(&id).copied(),
            Subject::User(_) | Subject::Market(_) | Subject::Product(_) => None,
        }
    }
}

/// Totals after a change of the sales.
fn subtracted(totals: MarketTotals, sold: SalesDelta) -> MarketTotals {
    let (orders, volume) = (totals.orders + sold.orders, totals.volume + sold.volume);
    MarketTotals { version: totals.version.next(), orders, volume, ..totals }
}

impl Tally {
    /// The next tally, which contains nothing and is counted in no recount.
    fn forgotten(&self) -> Self {
        let recount = Some(EventId::of("replay", Version::FIRST));
        let counted: Counted = self.counted;
        Self {
            id: self.id,
            version: self.version.next(),
            counted,
            lists: BTreeSet::new(),
            sale: None,
            balances: None,
            recount,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::market::MarketStatus;
    use crate::domain::order::tests::confirmed;
    use crate::domain::tests::{at, decide, refusal};
    use crate::kit::command::Operation;
    use crate::projections::tally::Contribution;

    /// Command that forgets the only order of a market, the order's tally, and the totals of the market.
    fn counted() -> (ForgetTallies, Tally, MarketTotals) {
        let (order, payment) = confirmed();
        let contribution = Contribution::of_order(&order, Some(&payment), None).unwrap();
        let tally = Tally::next(None, Subject::Order(order.id), Some(contribution), at(0)).unwrap();
        let totals = MarketTotals {
            market_id: order.market_id,
            version: Version::FIRST,
            status: MarketStatus::Active,
            orders: 1,
            volume: payment.captured.amount(),
            recount: None,
            resetting: false,
        };
        let mut forget = ForgetTallies::default();
        forget.order(order.id, order.market_id);
        (forget, tally, totals)
    }

    #[test]
    fn forgotten_order_is_subtracted_from_the_totals() {
        let (forget, tally, totals) = counted();
        let decided = decide(&forget, (vec![Some(tally.clone())], vec![Some(totals)]), at(1));
        let stored: MarketTotals = decided.stored();
        assert_eq!((stored.orders, stored.volume), (0, 0));
        assert!(matches!(decided.write::<Tally>(&tally.id).operation, Operation::Delete));
        let adjusted = decided.writes.iter().filter(|write| matches!(write.operation, Operation::Adjust(_)));
        let others = 1 + 2;
        assert_eq!(adjusted.count(), tally.lists.len() + others, "each list, sales of the day, two balances");
        let missing = decide(&forget, (vec![None], vec![Some(stored)]), at(2));
        assert!(missing.writes.iter().all(|write| matches!(write.operation, Operation::Check)));
    }

    #[test]
    fn order_of_an_earlier_recount_is_not_subtracted_from_totals() {
        let (forget, tally, totals) = counted();
        let recount = Some(EventId::of("job_1", Version::FIRST));
        let recounted = MarketTotals { recount, ..totals.clone() };
        let decided = decide(&forget, (vec![Some(tally)], vec![Some(recounted)]), at(1));
        let of_market = decided.write::<MarketTotals>(&totals.market_id);
        assert!(matches!(of_market.operation, Operation::Check));
        let resetting = MarketTotals { resetting: true, ..totals.clone() };
        let refused = refusal(&forget, (vec![None], vec![Some(resetting)]), at(1));
        assert_eq!(refused, BeingRecounted(totals.market_id));
    }
}

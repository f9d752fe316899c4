//! Counting entities as they are.

use std::collections::{BTreeMap, BTreeSet};

use super::{Contribution, Countable, Subject, Tally};
use crate::domain::market::totals::MarketTotals;
use crate::domain::market::{Market, MarketId};
use crate::domain::order::{Order, OrderId};
use crate::domain::payment::Payment;
use crate::domain::product::{Product, ProductId};
use crate::domain::user::{User, UserId};
use crate::domain::values::id::Id;
use crate::kit::command::{Change, Command, NoEvents, ReadSet, Record};
use crate::kit::system::clock::Timestamp;
use crate::projections::daily_sales::{InconsistentRead, Sale};
use crate::projections::tally::delta::CounterDelta;
use crate::projections::tally::market_totals::{Seen, follow};

/// Counts entities as they are at this moment, whatever was heard of them: all of it or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CountEntities {
    users: BTreeSet<UserId>,
    products: BTreeSet<ProductId>,
    orders: BTreeMap<OrderId, MarketId>,
    /// Those that were named, and those of the orders: what an order sells, its market's figures say.
    markets: BTreeSet<MarketId>,
}

impl CountEntities {
    /// Also this account.
    pub fn user(&mut self, id: UserId) {
        self.users.insert(id);
    }

    /// Also this market.
    pub fn market(&mut self, id: MarketId) {
        self.markets.insert(id);
    }

    /// Also this product.
    pub fn product(&mut self, id: ProductId) {
        self.products.insert(id);
    }

    /// Also this order, with the market that it is in.
    pub fn order(&mut self, id: OrderId, market: MarketId) {
        self.orders.insert(id, market);
        self.markets.insert(market);
    }
}

/// Why entities cannot be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CountError {
    /// What was read does not fit together; read again, it does.
    #[error(transparent)]
    Torn(#[from] InconsistentRead),
    /// An order was named with another market than its own.
    #[error("the order is of another market")]
    OtherMarket,
}

/// Entities of a kind, in the order of their ids, with their tallies.
type Counted<T> = (Vec<Option<T>>, Vec<Option<Tally>>);

impl Command for CountEntities {
    type State = (
        (Counted<User>, Counted<Product>),
        ((Counted<Order>, Vec<Option<Payment>>), (Counted<Market>, Vec<Option<MarketTotals>>)),
    );
    type Output = ();
    type Error = CountError;

    fn reads(&self) -> ReadSet<Self::State> {
        let payments: Vec<_> = self.orders.keys().map(|order| Payment::id_for(*order)).collect();
        let orders = counted(self.orders.keys(), Subject::Order).and(ReadSet::get_all(&payments));
        let markets = counted(&self.markets, Subject::Market).and(ReadSet::get_all(&self.markets));
        let others = counted(&self.users, Subject::User).and(counted(&self.products, Subject::Product));
        others.and(orders.and(markets))
    }

    /// # Errors
    /// [`CountError`].
    fn decide(&self, state: Self::State, now: Timestamp) -> Result<Change<(), CountError>, CountError> {
        let ((users, products), ((orders, payments), (markets, figures))) = state;
        let mut recount = Recount { now, following: Vec::new(), difference: CounterDelta::default() };
        recount.all(&self.users, Subject::User, users);
        recount.all(&self.products, Subject::Product, products);
        self.count_orders(orders, payments, &mut recount)?;
        let (markets, tallies) = markets;
        let mut change = Change::of(());
        for (((id, market), tally), figures) in self.markets.iter().zip(markets).zip(tallies).zip(figures) {
            let sold = recount.difference.sold_in(*id);
            let standing = market.as_ref().map(|market| Contribution::of(market, None));
            let after = recount.one(Subject::Market(*id), standing, tally.as_ref());
            let seen = Seen { market: market.as_ref(), before: tally.as_ref(), after, figures };
            change = follow(seen, sold, change)?;
        }
        Ok(recount.applied_to(change))
    }
}

/// Reads entities of a kind with their tallies.
fn counted<'a, T: Record<Id = Id<T>>>(
    ids: impl IntoIterator<Item = &'a Id<T>, IntoIter: Clone>,
    subject: fn(Id<T>) -> Subject,
) -> ReadSet<Counted<T>> {
    let ids = ids.into_iter();
    let subjects: Vec<Subject> = ids.clone().map(|id| subject(*id)).collect();
    ReadSet::get_all(ids).and(ReadSet::get_all(&subjects))
}

impl CountEntities {
    fn count_orders(
        &self,
        (orders, tallies): Counted<Order>,
        payments: Vec<Option<Payment>>,
        recount: &mut Recount,
    ) -> Result<(), CountError> {
        let found = self.orders.iter().zip(orders).zip(tallies).zip(payments);
        for ((((id, market), order), tally), payment) in found {
            if order.as_ref().is_some_and(|order| order.market_id != *market) {
                return Err(CountError::OtherMarket);
            }
            let sale = order.as_ref().map(|order| Sale::of(order, payment.as_ref())).transpose()?;
            let standing = order.as_ref().zip(sale).map(|(order, sale)| Contribution::of(order, sale));
            recount.one(Subject::Order(*id), standing, tally.as_ref());
        }
        Ok(())
    }
}

/// What is counted anew so far.
struct Recount {
    now: Timestamp,
    following: Vec<Tally>,
    difference: CounterDelta,
}

impl Recount {
    fn all<T: Countable>(
        &mut self,
        ids: &BTreeSet<Id<T>>,
        subject: fn(Id<T>) -> Subject,
        (entities, tallies): Counted<T>,
    ) {
        for ((id, entity), tally) in ids.iter().zip(entities).zip(tallies) {
            let standing = entity.map(|entity| Contribution::of(&entity, None));
            self.one(subject(*id), standing, tally.as_ref());
        }
    }

    /// Counts one entity; gives the tally that follows, if one does.
    fn one(&mut self, id: Subject, standing: Option<Contribution>, seen: Option<&Tally>) -> Option<&Tally> {
        let following = Tally::next(seen, id, standing, self.now)?;
        self.difference.between(seen, &following);
        self.following.push(following);
        self.following.last()
    }

    fn applied_to(self, change: Change<(), CountError>) -> Change<(), CountError> {
        let change = self.following.iter().fold(change, |change, tally| change.save(tally, NoEvents));
        self.difference.applied_to(change)
    }
}

//! Counting entities in their current version.

use std::collections::{BTreeMap, BTreeSet};

use super::{Contribution, Countable, Subject, Tally};
use crate::domain::market::totals::MarketTotals;
use crate::domain::market::{Market, MarketId};
use crate::domain::order::payment::Payment;
use crate::domain::order::{Order, OrderId};
use crate::domain::product::{Product, ProductId};
use crate::domain::user::{User, UserId};
use crate::domain::values::id::Id;
use crate::kit::command::{Change, Command, NoEvents, ReadSet, Record};
use crate::kit::system::clock::Timestamp;
use crate::projections::daily_sales::InconsistentRead;
use crate::projections::tally::delta::CounterDelta;
use crate::projections::tally::market_totals::{MarketState, update_totals};

/// Counts entities in their current version, independent of the content of their events, in one transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CountEntities {
    users: BTreeSet<UserId>,
    products: BTreeSet<ProductId>,
    orders: BTreeMap<OrderId, MarketId>,
    /// Added markets and the markets of the added orders, because orders change the totals of their market.
    markets: BTreeSet<MarketId>,
}

impl CountEntities {
    /// Adds an account.
    pub fn user(&mut self, id: UserId) {
        self.users.insert(id);
    }

    /// Adds a market.
    pub fn market(&mut self, id: MarketId) {
        self.markets.insert(id);
    }

    /// Adds a product.
    pub fn product(&mut self, id: ProductId) {
        self.products.insert(id);
    }

    /// Adds an order and its market.
    pub fn order(&mut self, id: OrderId, market: MarketId) {
        self.orders.insert(id, market);
        self.markets.insert(market);
    }
}

/// Reason why entities cannot be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CountError {
    /// The items were read in inconsistent versions; a repeated read resolves this.
    #[error(transparent)]
    InconsistentRead(#[from] InconsistentRead),
    /// An order was added with a market other than its own.
    #[error("the order belongs to another market")]
    OtherMarket,
}

/// Entities of one type, sorted by id, and their tallies.
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
        let ((users, products), ((orders, payments), (markets, totals))) = state;
        let mut recount = Recount { now, tallies: Vec::new(), delta: CounterDelta::default() };
        let totals_of = self.markets.iter().copied().zip(&totals).collect();
        recount.count_all(&self.users, Subject::User, users);
        recount.count_all(&self.products, Subject::Product, products);
        let counted_in = self.count_orders(orders, payments, &totals_of, &mut recount)?;
        let (markets, tallies) = markets;
        let mut change = Change::of(());
        for (((id, market), tally), totals) in self.markets.iter().zip(markets).zip(tallies).zip(totals) {
            let sold = recount.delta.sold_in(*id);
            let contribution = market.as_ref().map(Contribution::of);
            let after = recount.count_one(Subject::Market(*id), contribution, tally.as_ref());
            let (market, before) = (market.as_ref(), tally.as_ref());
            let orders_counted = counted_in.contains(id);
            let state = MarketState { market, before, after, totals, orders_counted };
            change = update_totals(state, sold, change)?;
        }
        Ok(recount.applied_to(change))
    }
}

/// Reads entities of one type and their tallies.
fn counted<'a, T: Record<Id = Id<T>>>(
    ids: impl IntoIterator<Item = &'a Id<T>, IntoIter: Clone>,
    subject: fn(Id<T>) -> Subject,
) -> ReadSet<Counted<T>> {
    let ids = ids.into_iter();
    let subjects: Vec<Subject> = ids.clone().map(|id| subject(*id)).collect();
    ReadSet::get_all(ids).and(ReadSet::get_all(&subjects))
}

impl CountEntities {
    /// Counts the orders and returns their markets. An order whose market's totals are being reset is left to
    /// the recount.
    fn count_orders(
        &self,
        (orders, tallies): Counted<Order>,
        payments: Vec<Option<Payment>>,
        totals_of: &BTreeMap<MarketId, &Option<MarketTotals>>,
        recount: &mut Recount,
    ) -> Result<BTreeSet<MarketId>, CountError> {
        let mut counted_in = BTreeSet::new();
        let found = self.orders.iter().zip(orders).zip(tallies).zip(payments);
        for ((((id, market), order), tally), payment) in found {
            if order.as_ref().is_some_and(|order| order.market_id != *market) {
                return Err(CountError::OtherMarket);
            }
            let totals = totals_of.get(market).and_then(|totals| totals.as_ref());
            if totals.is_some_and(|totals| totals.resetting) {
                continue;
            }
            // Without totals, the market is new, or deleted and never recounted again.
            let of_market = match totals {
                Some(totals) => totals.recount.clone(),
                None => tally.as_ref().and_then(|tally| tally.recount.clone()),
            };
            let contribution = order
                .as_ref()
                .map(|order| Contribution::of_order(order, payment.as_ref(), of_market))
                .transpose()?;
            if recount.count_one(Subject::Order(*id), contribution, tally.as_ref()).is_some() {
                counted_in.insert(*market);
            }
        }
        Ok(counted_in)
    }
}

/// New tallies and the changes of the counters.
struct Recount {
    now: Timestamp,
    tallies: Vec<Tally>,
    delta: CounterDelta,
}

impl Recount {
    fn count_all<T: Countable>(
        &mut self,
        ids: &BTreeSet<Id<T>>,
        subject: fn(Id<T>) -> Subject,
        (entities, tallies): Counted<T>,
    ) {
        for ((id, entity), tally) in ids.iter().zip(entities).zip(tallies) {
            let contribution = entity.map(|entity| Contribution::of(&entity));
            self.count_one(subject(*id), contribution, tally.as_ref());
        }
    }

    /// Counts one entity. Returns its new tally; `None` if it is already counted.
    fn count_one(
        &mut self,
        id: Subject,
        contribution: Option<Contribution>,
        previous: Option<&Tally>,
    ) -> Option<&Tally> {
        let tally = Tally::next(previous, id, contribution, self.now)?;
        self.delta.between(previous, &tally);
        self.tallies.push(tally);
        self.tallies.last()
    }

    fn applied_to(self, change: Change<(), CountError>) -> Change<(), CountError> {
        let change = self.tallies.iter().fold(change, |change, tally| change.save(tally, NoEvents));
        self.delta.applied_to(change)
    }
}

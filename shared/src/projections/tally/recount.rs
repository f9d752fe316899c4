//! Recounting the orders of a market, to repair its totals.
//!
//! The totals of a market are its sales, its daily sales and the lengths of its lists of orders. They are the
//! sums of the tallies of its orders as long as every change was committed completely. If items were lost, for
//! example in a partial restore, no later change repairs the sums. So a recount starts them again at zero:
//!
//! 1. [`BeginRecount`] gives the market's totals the id of the recount and marks them as being reset. From
//!    then on, no order of the market is counted.
//! 2. [`ResetDailySales`] and [`EndReset`] set all totals to zero and end the reset.
//! 3. A tally of another recount contributes nothing to the totals. Every order is counted again, whether by
//!    the recount or because it changes, and each only once: its tally then has the id of the recount.
//!
//! A worker that counts an order requires that the market's totals have not changed since they were read.
//! So each order is counted either completely before the recount or as a part of it.

use crate::domain::job::{ClaimLost, Job, JobClaim};
use crate::domain::market::totals::MarketTotals;
use crate::domain::market::{Market, MarketId};
use crate::domain::values::money::Currency;
use crate::kit::command::{Change, Command, EventId, NoEvents, ReadSet, Version};
use crate::kit::system::clock::Timestamp;
use crate::projections::account_balances::{AccountBalances, BalanceKey, BalanceScope};
use crate::projections::daily_sales::{DailySales, DailySalesKey};
use crate::projections::list_total::{ListKey, ListTotal};
use crate::projections::tally::delta::CounterDelta;
use crate::projections::tally::{Contribution, Subject, Tally};

/// Begins a recount of the orders of a market for a job.
#[derive(Debug, Clone, Copy)]
pub struct BeginRecount {
    /// Claim on the job. A worker that lost it must not reset the totals that its successor counts.
    pub claim: JobClaim,
    /// Id of the market.
    pub market_id: MarketId,
}

impl Command for BeginRecount {
    type State = (Option<Job>, (Option<Market>, (Option<Tally>, Option<MarketTotals>)));
    /// Id of the recount; `None` if the market does not exist.
    type Output = Option<EventId>;
    type Error = ClaimLost;

    fn reads(&self) -> ReadSet<Self::State> {
        let counted = ReadSet::get(&Subject::Market(self.market_id)).and(ReadSet::get(&self.market_id));
        ReadSet::get(&self.claim.id).and(ReadSet::get(&self.market_id).and(counted))
    }

    /// Creates a missing tally or missing totals of the market: each exists only together with the other.
    ///
    /// # Errors
    /// [`ClaimLost`] if another worker has taken the job or it has ended.
    fn decide(
        &self,
        (job, (market, (tally, totals))): Self::State,
        now: Timestamp,
    ) -> Result<Change<Self::Output, ClaimLost>, ClaimLost> {
        let job = Job::claimed(self.claim, job)?;
        let Some(market) = market else { return Ok(Change::of(None)) };
        let recount = EventId::of(&job.id.to_string(), job.version);
        let reset = MarketTotals {
            market_id: market.id,
            version: totals.map_or(Version::FIRST, |totals| totals.version.next()),
            status: market.status,
            orders: 0,
            volume: 0,
            recount: Some(recount.clone()),
            resetting: true,
        };
        let change = Change::of(Some(recount)).require_unchanged(&job).save(&reset, NoEvents);
        let contribution = Contribution::of(&market);
        match tally {
            Some(_) => Ok(change),
            None => Ok(match Tally::next(None, Subject::Market(market.id), Some(contribution), now) {
                Some(tally) => {
                    let mut delta = CounterDelta::default();
                    delta.between(None, &tally);
                    delta.applied_to(change.save(&tally, NoEvents))
                }
                None => change,
            }),
        }
    }
}

/// The market was deleted, or another recount of it has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the market was deleted, or another recount of it has begun")]
pub struct Superseded;

/// Totals that a recount is resetting.
#[derive(Debug, Clone)]
pub struct Reset {
    /// Id of the market.
    pub market_id: MarketId,
    /// Id of the recount.
    pub recount: EventId,
}

impl Reset {
    fn reads(&self) -> ReadSet<Option<MarketTotals>> {
        ReadSet::get(&self.market_id)
    }

    fn check(&self, totals: Option<MarketTotals>) -> Result<MarketTotals, Superseded> {
        let is_own =
            |totals: &MarketTotals| totals.resetting && totals.recount.as_ref() == Some(&self.recount);
        totals.filter(is_own).ok_or(Superseded)
    }
}

/// Deletes daily sales of a market whose totals are reset.
#[derive(Debug, Clone)]
pub struct ResetDailySales {
    /// Totals that are reset.
    pub reset: Reset,
    /// Daily sales to delete: at most [`MAX_DAYS`](Self::MAX_DAYS).
    pub days: Vec<DailySalesKey>,
}

impl ResetDailySales {
    /// Maximum number of days in one transaction.
    pub const MAX_DAYS: u32 = 90;
}

impl Command for ResetDailySales {
    type State = Option<MarketTotals>;
    type Output = ();
    type Error = Superseded;

    fn reads(&self) -> ReadSet<Self::State> {
        self.reset.reads()
    }

    /// # Errors
    /// [`Superseded`].
    fn decide(&self, totals: Self::State, _: Timestamp) -> Result<Change<(), Superseded>, Superseded> {
        let change = Change::of(()).require_unchanged(&self.reset.check(totals)?);
        Ok(self.days.iter().fold(change, Change::remove::<DailySales>))
    }
}

/// Ends the reset: the totals are zero, and orders are counted again.
#[derive(Debug, Clone)]
pub struct EndReset {
    /// Totals that are reset.
    pub reset: Reset,
    /// Lists of the market's orders.
    pub lists: Vec<ListKey>,
    /// Currencies of the market's balances.
    pub currencies: Vec<Currency>,
}

impl EndReset {
    fn balances(&self) -> impl Iterator<Item = BalanceKey> {
        let scope = BalanceScope::Market(self.reset.market_id);
        self.currencies.iter().map(move |currency| BalanceKey { scope, currency: *currency })
    }
}

impl Command for EndReset {
    type State = (Option<MarketTotals>, Vec<Option<AccountBalances>>);
    type Output = ();
    type Error = Superseded;

    fn reads(&self) -> ReadSet<Self::State> {
        let balances: Vec<BalanceKey> = self.balances().collect();
        self.reset.reads().and(ReadSet::get_all(&balances))
    }

    /// The balances of the market become zero, and are subtracted from those of the marketplace: they do not change
    /// meanwhile, because no order of the market is counted.
    ///
    /// # Errors
    /// [`Superseded`].
    fn decide(
        &self,
        (totals, balances): Self::State,
        _: Timestamp,
    ) -> Result<Change<(), Superseded>, Superseded> {
        let totals = self.reset.check(totals)?;
        let counting = MarketTotals { version: totals.version.next(), resetting: false, ..totals };
        let change = Change::of(()).save(&counting, NoEvents);
        let change =
            self.lists.iter().fold(change, |change, list| change.overwrite(list, &ListTotal::default()));
        Ok(balances.into_iter().flatten().fold(change, |change, balances| {
            let negated = balances.iter().map(|(account, amount)| (account, amount.saturating_neg()));
            let Some(adjustment) = AccountBalances::adjustment(balances.currency, negated) else {
                return change;
            };
            BalanceScope::of_market(self.reset.market_id).into_iter().fold(change, |change, scope| {
                let key = BalanceKey { scope, currency: balances.currency };
                change.adjust_unchecked::<AccountBalances>(&key, adjustment.clone())
            })
        }))
    }
}

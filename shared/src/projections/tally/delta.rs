//! Changes of the counters that result from new tallies.

use std::collections::BTreeMap;

use super::Tally;
use crate::domain::ledger::Account;
use crate::domain::market::MarketId;
use crate::kit::command::{Adjustment, Change};
use crate::projections::account_balances::{AccountBalances, BalanceKey, BalanceScope, OrderBalances};
use crate::projections::daily_sales::{DailySales, DailySalesKey};
use crate::projections::list_total::{ListKey, ListTotal};

/// Change of each counter. Each counter occurs once, even if several entities change it, because a
/// transaction writes an item at most once.
#[derive(Debug, Default)]
pub(super) struct CounterDelta {
    lists: BTreeMap<ListKey, i64>,
    days: BTreeMap<DailySalesKey, SalesDelta>,
    balances: BTreeMap<BalanceKey, BTreeMap<Account, i64>>,
}

/// Changes of the number of orders and of amounts in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct SalesDelta {
    pub(super) orders: i64,
    pub(super) volume: i64,
    pub(super) refunded: i64,
}

impl CounterDelta {
    /// Subtracts the previous contribution of an entity and adds the current one. What was counted in another
    /// recount of the market is no longer contained in its totals.
    pub(super) fn between(&mut self, before: Option<&Tally>, after: &Tally) {
        match before {
            Some(before) if before.recount == after.recount => self.count(before, -1),
            Some(before) => self.count(&before.without_market(), -1),
            None => {}
        }
        self.count(after, 1);
    }

    /// Subtracts the contribution of an entity.
    pub(super) fn remove(&mut self, tally: &Tally) {
        self.count(tally, -1);
    }

    fn count(&mut self, tally: &Tally, times: i64) {
        for list in &tally.lists {
            *self.lists.entry(list.clone()).or_default() += times;
        }
        if let Some(OrderBalances { market_id, postings }) = &tally.balances {
            for scope in BalanceScope::of_market(*market_id) {
                for posting in postings.iter() {
                    let key = BalanceKey { scope, currency: posting.currency };
                    let balance = self.balances.entry(key).or_default().entry(posting.account).or_default();
                    *balance += times * posting.amount;
                }
            }
        }
        if let Some(sale) = &tally.sale {
            let sales =
                self.days.entry(DailySalesKey { market_id: sale.market_id, day: sale.day }).or_default();
            sales.orders += times;
            sales.volume += times * sale.volume.amount();
            sales.refunded += times * sale.refunded.amount();
        }
    }

    /// Change of a market's sales over all days.
    pub(super) fn sold_in(&self, market: MarketId) -> SalesDelta {
        let of_market = self.days.iter().filter(|(day, _)| day.market_id == market);
        of_market.fold(SalesDelta::default(), |sum, (_, sales)| SalesDelta {
            orders: sum.orders + sales.orders,
            volume: sum.volume + sales.volume,
            refunded: sum.refunded + sales.refunded,
        })
    }

    /// Adds the changes of the counters to `change`; unchanged counters are not written.
    pub(super) fn applied_to<T, E>(self, change: Change<T, E>) -> Change<T, E> {
        let changed = self.lists.into_iter().filter(|(_, by)| *by != 0);
        let change = changed.fold(change, |change, (list, by)| {
            change
                .adjust_unchecked::<ListTotal>(&list, Adjustment::of::<ListTotal>().add(ListTotal::COUNT, by))
        });
        let changed = self.days.into_iter().filter(|(_, sales)| *sales != SalesDelta::default());
        let change = changed.fold(change, |change, (day, sales)| {
            change.adjust_unchecked::<DailySales>(&day, sales.adjustment(day))
        });
        self.balances.into_iter().fold(change, |change, (key, amounts)| {
            match AccountBalances::adjustment(key.currency, amounts) {
                Some(adjustment) => change.adjust_unchecked::<AccountBalances>(&key, adjustment),
                None => change,
            }
        })
    }
}

impl SalesDelta {
    /// Returns true if neither the number of orders nor the volume changes; refunds do not affect the volume.
    pub(super) const fn is_zero(self) -> bool {
        self.orders == 0 && self.volume == 0
    }

    fn adjustment(self, key: DailySalesKey) -> Adjustment {
        Adjustment::of::<DailySales>()
            .adjust_unchecked(DailySales::DATE, key.day)
            .add(DailySales::ORDERS, self.orders)
            .add(DailySales::VOLUME, self.volume)
            .add(DailySales::REFUNDED, self.refunded)
    }
}

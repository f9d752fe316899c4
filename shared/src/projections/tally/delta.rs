//! The difference that some tallies make to what is counted over many entities.

use std::collections::BTreeMap;

use super::Tally;
use crate::domain::market::MarketId;
use crate::kit::command::{Adjustment, Change};
use crate::projections::daily_sales::{DailySales, DailySalesKey};
use crate::projections::list_total::{ListKey, ListTotal};

/// What is added to each counter; one entry a counter, however many entities move it: a transaction writes an item once.
#[derive(Debug, Default)]
pub(super) struct CounterDelta {
    lists: BTreeMap<ListKey, i64>,
    days: BTreeMap<DailySalesKey, SalesDelta>,
}

/// Orders, and money in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct SalesDelta {
    pub(super) orders: i64,
    pub(super) volume: i64,
    pub(super) refunded: i64,
}

impl CounterDelta {
    /// Takes away what an entity counted for `before`, and adds what it counts for `after`.
    pub(super) fn between(&mut self, before: Option<&Tally>, after: &Tally) {
        if let Some(before) = before {
            self.count(before, -1);
        }
        self.count(after, 1);
    }

    fn count(&mut self, tally: &Tally, times: i64) {
        for list in &tally.lists {
            *self.lists.entry(list.clone()).or_default() += times;
        }
        if let Some(sale) = &tally.sale {
            let sold =
                self.days.entry(DailySalesKey { market_id: sale.market_id, day: sale.day }).or_default();
            sold.orders += times;
            sold.volume += times * sale.volume.amount();
            sold.refunded += times * sale.refunded.amount();
        }
    }

    /// What a market sold more, whenever it did.
    pub(super) fn sold_in(&self, market: MarketId) -> SalesDelta {
        let of_market = self.days.iter().filter(|(day, _)| day.market_id == market);
        of_market.fold(SalesDelta::default(), |sum, (_, sold)| SalesDelta {
            orders: sum.orders + sold.orders,
            volume: sum.volume + sold.volume,
            refunded: sum.refunded + sold.refunded,
        })
    }

    /// Adds to `change` that the counters move; those that stay are left alone.
    pub(super) fn applied_to<T, E>(self, change: Change<T, E>) -> Change<T, E> {
        let moved = self.lists.into_iter().filter(|(_, by)| *by != 0);
        let change = moved.fold(change, |change, (list, by)| {
            change
                .adjust_unchecked::<ListTotal>(&list, Adjustment::of::<ListTotal>().add(ListTotal::COUNT, by))
        });
        let moved = self.days.into_iter().filter(|(_, sold)| *sold != SalesDelta::default());
        moved.fold(change, |change, (day, sold)| {
            change.adjust_unchecked::<DailySales>(&day, sold.adjusting(day))
        })
    }
}

impl SalesDelta {
    /// Whether neither an order came nor any volume; what went back is no matter of the volume.
    pub(super) const fn is_nothing(self) -> bool {
        self.orders == 0 && self.volume == 0
    }

    fn adjusting(self, on: DailySalesKey) -> Adjustment {
        Adjustment::of::<DailySales>()
            .adjust_unchecked(DailySales::DATE, on.day)
            .add(DailySales::ORDERS, self.orders)
            .add(DailySales::VOLUME, self.volume)
            .add(DailySales::REFUNDED, self.refunded)
    }
}

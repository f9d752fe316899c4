//! The difference that some tallies make to what is counted over many entities.

use std::collections::BTreeMap;

use super::Tally;
use crate::domain::market::MarketId;
use crate::kit::command::{Adjustment, Change};
use crate::projections::daily_sales::{DaySales, SalesOn};
use crate::projections::list_total::{ListName, ListTotal};

/// What is added to each counter; one entry a counter, however many entities move it: a transaction writes an item once.
#[derive(Debug, Default)]
pub(super) struct Difference {
    lists: BTreeMap<ListName, i64>,
    days: BTreeMap<SalesOn, Sold>,
}

/// Orders, and money in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sold {
    pub(super) orders: i64,
    pub(super) volume: i64,
    pub(super) refunded: i64,
}

impl Difference {
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
            let sold = self.days.entry(SalesOn { market_id: sale.market_id, day: sale.day }).or_default();
            sold.orders += times;
            sold.volume += times * sale.volume.amount();
            sold.refunded += times * sale.refunded.amount();
        }
    }

    /// What a market sold more, whenever it did.
    pub(super) fn sold_in(&self, market: MarketId) -> Sold {
        let of_market = self.days.iter().filter(|(day, _)| day.market_id == market);
        of_market.fold(Sold::default(), |sum, (_, sold)| Sold {
            orders: sum.orders + sold.orders,
            volume: sum.volume + sold.volume,
            refunded: sum.refunded + sold.refunded,
        })
    }

    /// Adds to `change` that the counters move; those that stay are left alone.
    pub(super) fn applied_to<T, E>(self, change: Change<T, E>) -> Change<T, E> {
        let moved = self.lists.into_iter().filter(|(_, by)| *by != 0);
        let change = moved.fold(change, |change, (list, by)| {
            change.note::<ListTotal>(&list, Adjustment::of::<ListTotal>().add(ListTotal::COUNT, by))
        });
        let moved = self.days.into_iter().filter(|(_, sold)| *sold != Sold::default());
        moved.fold(change, |change, (day, sold)| change.note::<DaySales>(&day, sold.adjusting(day)))
    }
}

impl Sold {
    /// Whether neither an order came nor any volume; what went back is no matter of the volume.
    pub(super) const fn is_nothing(self) -> bool {
        self.orders == 0 && self.volume == 0
    }

    fn adjusting(self, on: SalesOn) -> Adjustment {
        Adjustment::of::<DaySales>()
            .note(DaySales::DATE, on.day)
            .add(DaySales::ORDERS, self.orders)
            .add(DaySales::VOLUME, self.volume)
            .add(DaySales::REFUNDED, self.refunded)
    }
}

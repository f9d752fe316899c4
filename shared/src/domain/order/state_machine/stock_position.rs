//! Stock position of an order (available, reserved, sold), derived from the order; each commit moves stock
//! counters by the difference, so that no transition can forget to do so.

use serde::{Deserialize, Serialize};

use crate::domain::order::fulfilment::Fulfilment;
use crate::domain::order::lines::ItemLine;
use crate::domain::order::{Order, OrderStatus};
use crate::domain::product::Stock;
use crate::domain::values::money::Quantity;
use crate::kit::command::Change;

/// Stock counter that includes the units of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StockPosition {
    /// Not reserved yet, or released.
    Available,
    /// Reserved for the order.
    Reserved,
    /// Sold.
    Sold,
}

impl StockPosition {
    /// Name of the counter in [`Stock`].
    const fn counter(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Reserved => "reserved",
            Self::Sold => "sold",
        }
    }
}

impl Order {
    /// Stock position of the order. Shipped units stay sold, even after a refund.
    #[must_use]
    pub fn stock_position(&self) -> StockPosition {
        match &self.fulfilment {
            Fulfilment::Accepted => StockPosition::Available,
            Fulfilment::Charging { .. }
            | Fulfilment::AwaitingPayment { .. }
            | Fulfilment::ClosingCheckout { .. }
            | Fulfilment::ResolvingCharge { .. } => StockPosition::Reserved,
            Fulfilment::Refunding { stock_position } => *stock_position,
            Fulfilment::Finished => match self.status {
                OrderStatus::Confirmed | OrderStatus::Shipped | OrderStatus::Delivered => StockPosition::Sold,
                OrderStatus::Refunded if self.shipment.is_some() => StockPosition::Sold,
                _ => StockPosition::Available,
            },
        }
    }

    /// Adds to `change` the move of the units from the stock position `before` to the current one. If a stock
    /// counter is too low, the change is refused with the error that `otherwise` returns.
    ///
    /// Units can be reserved only of a product that exists. Once they are reserved, the order no longer
    /// depends on the product: the units of a deleted product are not moved.
    pub(crate) fn move_stock<T, E>(
        &self,
        before: StockPosition,
        change: Change<T, E>,
        otherwise: impl Fn(&ItemLine) -> E,
    ) -> Change<T, E> {
        let now = self.stock_position();
        if now == before {
            return change;
        }
        self.items_with_units(|line, ordered| ordered.saturating_sub(self.restocked(line))).fold(
            change,
            |change, (line, units)| {
                let moved = Stock::transfer(before.counter(), now.counter(), units);
                match before {
                    StockPosition::Available => {
                        change.adjust::<Stock>(&line.product_id, moved, otherwise(line))
                    }
                    StockPosition::Reserved | StockPosition::Sold => {
                        change.adjust_if_exists::<Stock>(&line.product_id, moved, otherwise(line))
                    }
                }
            },
        )
    }

    /// Adds to `change` the return of the units to the stock that refunds have returned since `before`.
    pub(crate) fn return_units<T, E>(
        &self,
        before: &Self,
        change: Change<T, E>,
        otherwise: impl Fn(&ItemLine) -> E,
    ) -> Change<T, E> {
        let returned = |line, _| self.restocked(line).saturating_sub(before.restocked(line));
        self.items_with_units(returned).fold(change, |change, (line, units)| {
            let moved =
                Stock::transfer(StockPosition::Sold.counter(), StockPosition::Available.counter(), units);
            change.adjust_if_exists::<Stock>(&line.product_id, moved, otherwise(line))
        })
    }

    /// Items of which `units` returns a number of units above 0, with that number. `units` is called with the
    /// position of the line and the ordered number.
    fn items_with_units(
        &self,
        units: impl Fn(usize, u32) -> u32,
    ) -> impl Iterator<Item = (&ItemLine, Quantity)> {
        self.lines.numbered_items().filter_map(move |(position, item)| {
            let units = Quantity::try_from(i64::from(units(position, item.quantity.get()))).ok()?;
            Some((item, units))
        })
    }
}

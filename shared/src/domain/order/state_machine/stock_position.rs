//! Where an order's pieces are. It follows from the order alone, and every commit moves the stock from where the version
//! before had them to where the next has them: no way of the order can forget any.

use serde::{Deserialize, Serialize};

use crate::domain::order::fulfilment::Fulfilment;
use crate::domain::order::{Order, OrderLine, OrderStatus};
use crate::domain::product::Stock;
use crate::kit::command::Change;

/// Where an order's pieces are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StockPosition {
    /// Among the available: they are not held yet, or given back.
    Available,
    /// Among the reserved.
    Reserved,
    /// Among the sold.
    Sold,
}

impl StockPosition {
    /// The counter of the [`Stock`] that they are in.
    const fn counter(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Reserved => "reserved",
            Self::Sold => "sold",
        }
    }
}

impl Order {
    /// Where the order's pieces are. What was shipped does not come back by itself, whatever becomes of the money.
    #[must_use]
    pub fn pieces(&self) -> StockPosition {
        match &self.fulfilment {
            Fulfilment::Accepted => StockPosition::Available,
            Fulfilment::Charging { .. }
            | Fulfilment::AwaitingPayment { .. }
            | Fulfilment::ResolvingCharge { .. } => StockPosition::Reserved,
            Fulfilment::Refunding { pieces } => *pieces,
            Fulfilment::Finished => match self.status {
                OrderStatus::Confirmed | OrderStatus::Shipped | OrderStatus::Delivered => StockPosition::Sold,
                OrderStatus::Refunded if self.shipment.is_some() => StockPosition::Sold,
                _ => StockPosition::Available,
            },
        }
    }

    /// Adds to `change` that the pieces go from where they were `before` to where this version has them; a stock that
    /// does not have them there is the refusal `otherwise`.
    pub(crate) fn move_stock<T, E>(
        &self,
        before: StockPosition,
        change: Change<T, E>,
        otherwise: impl Fn(&OrderLine) -> E,
    ) -> Change<T, E> {
        let now = self.pieces();
        if now == before {
            return change;
        }
        self.lines.iter().fold(change, |change, line| {
            let moved = Stock::transfer(before.counter(), now.counter(), line.quantity);
            change.adjust::<Stock>(&line.product_id, moved, otherwise(line))
        })
    }
}

//! Expiring an order that was not paid in time.

use super::{InvalidState, Order, OrderEvent, OrderId};
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Expires an order whose payment is overdue and releases its stock.
#[derive(Debug, Clone, Copy)]
pub struct ExpireOrder {
    /// Id of the order.
    pub id: OrderId,
}

impl Command for ExpireOrder {
    type State = Option<Order>;
    type Output = Order;
    type Error = InvalidState;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`InvalidState`] if the order does not exist, is not awaiting payment, or its payment is not overdue.
    fn decide(
        &self,
        order: Self::State,
        now: Timestamp,
    ) -> Result<Change<Order, InvalidState>, InvalidState> {
        let order = order.ok_or(InvalidState)?;
        let before = order.stock_position();
        let expired = order.expired(now)?;
        let change = Change::of(expired.clone()).save(&expired, OrderEvent::Expired((&expired).into()));
        Ok(expired.move_stock(before, change, |_| InvalidState))
    }
}

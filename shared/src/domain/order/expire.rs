//! Ending the wait for a payment that was not made in time.

use super::event::EventConstructor;
use super::fulfilment::Fulfilment;
use super::state_machine::commit::PaidOrder;
use super::{InvalidState, Order, OrderEvent, OrderId};
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Expires an order whose payment is overdue and releases its stock. If the order has a checkout, this starts to
/// close it: the saga expires the order once the checkout cannot be paid any more.
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
        let before = order.clone();
        let overdue = order.overdue(now)?;
        let event: EventConstructor = match overdue.fulfilment {
            Fulfilment::ClosingCheckout { .. } => OrderEvent::PaymentOverdue,
            _ => OrderEvent::Expired,
        };
        // An order that waits for its payment has none.
        let (before, after) = [&before, &overdue].map(|order| PaidOrder { order, payment: None }).into();
        Ok(after.commit(before, event, None, |_| InvalidState).with_output(overdue))
    }
}

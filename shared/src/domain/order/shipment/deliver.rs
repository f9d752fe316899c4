//! Marking an order as delivered.

use crate::domain::access::AccessError;
use crate::domain::order::fulfilment::advance::{OrderAndPayment, order_and_payment};
use crate::domain::order::state_machine::commit::PaidOrder;
use crate::domain::order::state_machine::require_seller::require_seller;
use crate::domain::order::{Order, OrderEvent, OrderId};
use crate::domain::values::actor::Actor;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Marks a shipped order as delivered.
#[derive(Debug, Clone, Copy)]
pub struct DeliverOrder {
    /// Id of the order.
    pub id: OrderId,
    /// Actor that reports the delivery.
    pub by: Actor,
}

/// Reason why an order cannot be marked as delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeliverError {
    /// The actor has no access to the order.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The order has not shipped or is already delivered.
    #[error("order {0} cannot be marked as delivered: it has not shipped, or is already delivered")]
    InvalidState(OrderId),
}

impl Command for DeliverOrder {
    type State = OrderAndPayment;
    type Output = Order;
    type Error = DeliverError;

    fn reads(&self) -> ReadSet<Self::State> {
        order_and_payment(self.id)
    }

    /// # Errors
    /// [`DeliverError`].
    fn decide(
        &self,
        (order, payment): Self::State,
        now: Timestamp,
    ) -> Result<Change<Order, DeliverError>, DeliverError> {
        let (order, payment) = (require_seller(self.id, order, &self.by)?, payment.as_ref());
        let delivered = order.clone().delivered(now);
        let delivered = delivered.map_err(|_| DeliverError::InvalidState(self.id))?;
        let before = PaidOrder { order: &order, payment };
        let saved =
            PaidOrder { order: &delivered, ..before }
                .commit(before, OrderEvent::Delivered, None, |_| DeliverError::InvalidState(self.id));
        Ok(saved.with_output(delivered))
    }
}

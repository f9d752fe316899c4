//! Marking an order as shipped.

use super::{InvalidState, Order, OrderEvent, OrderId, Shipment};
use crate::domain::access::AccessError;
use crate::domain::order::fulfilment::advance::{OrderAndPayment, order_and_payment};
use crate::domain::order::state_machine::require_seller::require_seller;
use crate::domain::values::actor::Actor;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Marks a confirmed order as shipped.
#[derive(Debug, Clone)]
pub struct ShipOrder {
    /// Id of the order.
    pub id: OrderId,
    /// Actor that reports the shipment.
    pub by: Actor,
    /// Carrier and tracking number.
    pub shipment: Shipment,
}

/// Reason why an order cannot be marked as shipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShipError {
    /// The actor has no access to the order.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The order is not confirmed, or its payment is being refunded in full.
    #[error("only a confirmed order that is not being refunded in full can be marked as shipped")]
    InvalidState,
}

impl From<InvalidState> for ShipError {
    fn from(_: InvalidState) -> Self {
        Self::InvalidState
    }
}

impl Command for ShipOrder {
    type State = OrderAndPayment;
    type Output = Order;
    type Error = ShipError;

    fn reads(&self) -> ReadSet<Self::State> {
        order_and_payment(self.id)
    }

    /// # Errors
    /// [`ShipError`].
    fn decide(
        &self,
        (order, payment): Self::State,
        now: Timestamp,
    ) -> Result<Change<Order, ShipError>, ShipError> {
        let order = require_seller(order, &self.by)?;
        let payment = payment.ok_or(ShipError::InvalidState)?;
        let shipped = order.shipped(self.shipment.clone(), &payment, now)?;
        let event = OrderEvent::Shipped((&shipped).into());
        Ok(Change::of(shipped.clone()).save(&shipped, event))
    }
}

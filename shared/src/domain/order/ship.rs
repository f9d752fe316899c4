//! Sending an order.

use super::{InvalidState, Order, OrderEvent, OrderId, Shipment};
use crate::domain::order::fulfilment::advance::{OrderAndPayment, order_and_payment};
use crate::domain::order::require_seller::{SellerRequired, require_seller};
use crate::domain::values::actor::Actor;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Notes that the seller has sent a confirmed order.
#[derive(Debug, Clone)]
pub struct ShipOrder {
    /// Which order.
    pub id: OrderId,
    /// Who says so.
    pub by: Actor,
    /// How it was sent.
    pub shipment: Shipment,
}

/// Why an order cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShipError {
    /// The actor does not sell it.
    #[error(transparent)]
    NotTheSeller(#[from] SellerRequired),
    /// It is not confirmed, or all of its money is on its way back.
    #[error("only a confirmed order that is not being refunded can be shipped")]
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

//! Noting that an order arrived.

use super::{InvalidState, Order, OrderEvent, OrderId};
use crate::domain::order::require_seller::{SellerRequired, require_seller};
use crate::domain::values::actor::Actor;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Notes that an order which was sent has arrived.
#[derive(Debug, Clone, Copy)]
pub struct DeliverOrder {
    /// Which order.
    pub id: OrderId,
    /// Who says so.
    pub by: Actor,
}

/// Why an order cannot have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeliverError {
    /// The actor does not sell it.
    #[error(transparent)]
    NotTheSeller(#[from] SellerRequired),
    /// It was not sent, or has arrived before.
    #[error("only an order that is on its way can be delivered")]
    InvalidState,
}

impl From<InvalidState> for DeliverError {
    fn from(_: InvalidState) -> Self {
        Self::InvalidState
    }
}

impl Command for DeliverOrder {
    type State = Option<Order>;
    type Output = Order;
    type Error = DeliverError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`DeliverError`].
    fn decide(
        &self,
        order: Self::State,
        now: Timestamp,
    ) -> Result<Change<Order, DeliverError>, DeliverError> {
        let delivered = require_seller(order, &self.by)?.delivered(now)?;
        let event = OrderEvent::Delivered((&delivered).into());
        Ok(Change::of(delivered.clone()).save(&delivered, event))
    }
}

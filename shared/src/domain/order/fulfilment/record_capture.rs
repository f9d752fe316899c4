//! Taking note of a payment that the gateway reports by itself.

use super::advance::{AdvanceError, OrderAndPayment, apply_capture};
use crate::domain::order::OrderId;
use crate::domain::payment::{Capture, Payment};
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Takes note of a capture, whatever the order is at: it confirms an order that waits for exactly this; otherwise the
/// money goes back.
#[derive(Debug, Clone)]
pub struct RecordCapture {
    /// For which order.
    pub order_id: OrderId,
    /// What was captured.
    pub capture: Capture,
}

impl Command for RecordCapture {
    type State = OrderAndPayment;
    type Output = OrderAndPayment;
    type Error = AdvanceError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.order_id).and(ReadSet::get(&Payment::id_for(self.order_id)))
    }

    /// # Errors
    /// [`AdvanceError::MovedOn`] if the payment is known already, or there is no such order.
    fn decide(
        &self,
        (order, payment): Self::State,
        now: Timestamp,
    ) -> Result<Change<OrderAndPayment, AdvanceError>, AdvanceError> {
        apply_capture(order.ok_or(AdvanceError::Stale)?, payment, &self.capture, now)
    }
}

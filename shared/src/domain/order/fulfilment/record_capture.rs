//! Recording a capture that the gateway reports in a webhook or a listing.

use super::advance::{AdvanceError, OrderAndPayment, apply_capture};
use crate::domain::order::OrderId;
use crate::domain::order::payment::{Capture, Payment};
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Records a capture at any step of the order. It confirms an order that awaits a payment of exactly this
/// amount; any other capture is refunded.
#[derive(Debug, Clone)]
pub struct RecordCapture {
    /// Id of the order.
    pub order_id: OrderId,
    /// Capture reported by the gateway.
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
    /// [`AdvanceError::Stale`] if the payment is already recorded or the order does not exist.
    fn decide(
        &self,
        (order, payment): Self::State,
        now: Timestamp,
    ) -> Result<Change<OrderAndPayment, AdvanceError>, AdvanceError> {
        apply_capture(order.ok_or(AdvanceError::Stale)?, payment, &self.capture, now)
    }
}

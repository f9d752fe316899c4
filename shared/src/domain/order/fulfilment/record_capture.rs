//! Recording a capture that the gateway reports in a webhook or a listing.

use super::Fulfilment;
use super::advance::{AdvanceError, OrderAndPayment, apply_capture};
use crate::domain::order::payment::{Capture, Payment};
use crate::domain::order::{InvalidState, Order, OrderId, OrderStatus, Party};
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

impl Order {
    /// A payment was captured. If the order awaits exactly this amount, it is confirmed; otherwise the
    /// payment is refunded, and the stock position stays unchanged until the refund is made.
    pub(crate) fn apply_payment(self, payment: &Payment, now: Timestamp) -> Result<Self, InvalidState> {
        if payment.captured.amount() == 0 {
            return Err(InvalidState);
        }
        let awaits_payment =
            matches!(self.fulfilment, Fulfilment::Charging { .. } | Fulfilment::AwaitingPayment { .. });
        let reason = match self.status {
            _ if awaits_payment => "the amount paid differs from the order total",
            OrderStatus::Pending | OrderStatus::AwaitingPayment => "paid before payment was requested",
            _ => "paid when the order was over",
        };
        let stock_position = self.stock_position();
        let order = Self { payment_id: Some(payment.id), ..self };
        if awaits_payment && payment.captured == order.total {
            let confirmed = order.with_step(Fulfilment::Finished, now);
            return Ok(confirmed.with_status(OrderStatus::Confirmed, Party::System, None));
        }
        let refunding =
            order.with_refund_due(&payment.gateway_id, payment.captured, Party::System, reason, now);
        Ok(refunding.with_step(Fulfilment::Refunding { stock_position }, now))
    }
}

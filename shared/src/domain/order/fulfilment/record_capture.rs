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
    /// payment is refunded, and the stock position stays unchanged until the refund is made. The refund does
    /// not change an order with a total of zero, which needs no payment.
    pub(crate) fn apply_payment(self, payment: &Payment, now: Timestamp) -> Result<Self, InvalidState> {
        if payment.captured.amount() == 0 {
            return Err(InvalidState);
        }
        let awaits_payment = matches!(
            self.fulfilment,
            Fulfilment::Charging { .. }
                | Fulfilment::AwaitingPayment { .. }
                | Fulfilment::ClosingCheckout { .. }
        );
        let reason = match self.status {
            _ if self.is_free() => "no payment was needed",
            _ if awaits_payment => "the amount paid differs from the order total",
            OrderStatus::Pending | OrderStatus::AwaitingPayment => "paid before payment was requested",
            _ => "paid when the order was over",
        };
        let stock_position = self.stock_position();
        let order = Self { payment_id: Some(payment.id), ..self };
        if awaits_payment && payment.captured == order.total() {
            let confirmed = order.with_step(Fulfilment::Finished, now);
            return Ok(confirmed.with_status(OrderStatus::Confirmed, Party::System, None));
        }
        let refunding =
            order.with_refund_due(&payment.gateway_id, payment.captured, Party::System, reason, now);
        let refunding = refunding.with_refunds_by_line(payment);
        if refunding.is_free() {
            return Ok(refunding.next_version(now));
        }
        Ok(refunding.with_step(Fulfilment::Refunding { stock_position }, now))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition};
    use crate::domain::order::fulfilment::next;
    use crate::domain::order::payment::GatewayId;
    use crate::domain::order::payment::refund::RefundStatus;
    use crate::domain::order::tests::{confirmed, placed, placed_free, reported};
    use crate::domain::tests::{at, decide, euros, refusal};
    use crate::kit::command::saga::Step;

    fn record(amount: i64) -> RecordCapture {
        let capture = Capture { gateway_id: GatewayId("pi_9".to_owned()), amount: euros(amount) };
        RecordCapture { order_id: placed(None).id, capture }
    }

    #[test]
    fn capture_of_the_awaited_amount_confirms_the_order() {
        let awaiting = placed(None).reserved(Duration::from_hours(1), at(0)).unwrap();
        let (order, payment) = decide(&record(3_998), (Some(awaiting), None), at(7)).output;
        let (order, payment) = (order.unwrap(), payment.unwrap());
        assert_eq!((order.status, &order.fulfilment), (OrderStatus::Confirmed, &Fulfilment::Finished));
        assert_eq!((order.payment_id, payment.captured), (Some(payment.id), euros(3_998)));
        assert!(order.refunds.is_empty());
        assert_eq!(refusal(&record(3_998), (None, None), at(7)), AdvanceError::Stale);
    }

    fn free() -> Order {
        placed_free(None).reserved(Duration::from_hours(1), at(0)).unwrap()
    }

    #[test]
    fn capture_of_a_free_order_is_refunded_and_the_order_goes_on() {
        for order in [placed_free(None), free()] {
            let captured = decide(&record(3_998), (Some(order.clone()), None), at(7));
            assert_eq!(captured.events()[0].0, "order.refund_started");
            let stored: Order = captured.stored();
            assert_eq!((stored.status, &stored.fulfilment), (order.status, &order.fulfilment));
            assert_eq!((stored.refunds.len(), stored.refunds[0].amount), (1, euros(3_998)));
            let reserve = Step::Commit(FulfilmentTransition::Reserve);
            assert_eq!(next(&stored, at(8)) == reserve, order.status == OrderStatus::Pending);
        }
    }

    #[test]
    fn refunded_capture_leaves_a_free_order_confirmed() {
        let captured = decide(&record(3_998), (Some(free()), None), at(7)).output;
        let refund = reported(captured.0.as_ref().unwrap(), 1, RefundStatus::Succeeded);
        let refunded = FulfilmentTransition::RefundReported(refund);
        let advance = AdvanceOrder { id: free().id, by: refunded, payment_window: Duration::from_hours(1) };
        let order: Order = decide(&advance, captured, at(8)).stored();
        assert_eq!((order.status, &order.fulfilment), (OrderStatus::Confirmed, &Fulfilment::Finished));
        assert_eq!(order.stock_position(), free().stock_position());
    }

    #[test]
    fn reason_of_the_refund_depends_on_the_state() {
        let awaiting = || placed(None).reserved(Duration::from_hours(1), at(0)).unwrap();
        let overdue = awaiting().overdue(at(3_600_000)).unwrap();
        let (cancelled, payment) = confirmed();
        let cancelled = cancelled.cancelled(Party::Buyer, None, Some(&payment), at(0)).unwrap();
        for (order, amount, reason) in [
            (awaiting(), 3_997, "the amount paid differs from the order total"),
            (placed(None), 3_998, "paid before payment was requested"),
            (overdue, 3_998, "paid when the order was over"),
            (cancelled, 3_998, "paid when the order was over"),
            (free(), 3_998, "no payment was needed"),
        ] {
            let stock_position = order.stock_position();
            let refunded = decide(&record(amount), (Some(order.clone()), None), at(7)).stored::<Order>();
            let refund = refunded.refunds.last().unwrap();
            assert_eq!((refund.by, refund.reason.as_str()), (Party::System, reason));
            assert_eq!((refund.amount, refunded.status), (euros(amount), order.status));
            let step =
                if order.is_free() { Fulfilment::Finished } else { Fulfilment::Refunding { stock_position } };
            assert_eq!(refunded.fulfilment, step);
        }
    }
}

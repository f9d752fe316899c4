//! Recording the state of a refund at the gateway: of one that the order requested, or of one that was made
//! at the gateway itself.

use super::decision::{AdvanceError, Decision, OrderAndPayment, order_and_payment, save};
use crate::domain::order::payment::refund::RefundStatus;
use crate::domain::order::payment::refund::gateway_refund::GatewayRefund;
use crate::domain::order::payment::{DeclineCode, Payment, PaymentEvent};
use crate::domain::order::state_machine::commit::PaidOrder;
use crate::domain::order::state_machine::refund_transitions::RefundChange;
use crate::domain::order::{InvalidState, Order, OrderId};
use crate::kit::command::{Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Records the present state of a refund at the gateway.
#[derive(Debug, Clone)]
pub struct RecordRefund {
    /// Id of the order.
    pub order_id: OrderId,
    /// Refund, as read from the gateway.
    pub refund: GatewayRefund,
}

impl Command for RecordRefund {
    type State = OrderAndPayment;
    type Output = OrderAndPayment;
    type Error = AdvanceError;

    fn reads(&self) -> ReadSet<Self::State> {
        order_and_payment(self.order_id)
    }

    /// # Errors
    /// [`AdvanceError::Stale`] if the state is already recorded, or the order does not contain the payment.
    fn decide(&self, (order, payment): Self::State, now: Timestamp) -> Decision {
        apply_refund(&order.ok_or(AdvanceError::Stale)?, payment.as_ref(), &self.refund, now)
    }
}

/// Refund that the gateway refused to make, with the refunds that it has made of the same payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRefusal {
    /// Number of the refund within its order.
    pub number: u32,
    /// Number of the refused attempt.
    pub attempt: u32,
    /// Reason code of the gateway.
    pub code: DeclineCode,
    /// Refunds of the payment at the gateway.
    pub refunds: Vec<GatewayRefund>,
}

/// Records a refund of the saga or of the gateway, and moves its amount in the payment.
pub(crate) fn apply_refund(
    order: &Order,
    payment: Option<&Payment>,
    reported: &GatewayRefund,
    now: Timestamp,
) -> Decision {
    let payment = payment.ok_or(AdvanceError::Stale)?;
    order.captured_by(&reported.payment, Some(payment)).ok_or(AdvanceError::Stale)?;
    let (order_after, change) = order.clone().with_reported_refund(reported, now)?;
    let is_own = reported.payment == payment.gateway_id;
    let data = payment.event_data(order.market_id, reported.amount);
    let payment_after = match change {
        RefundChange::Made if is_own => match payment.clone().refund(reported.amount, now) {
            Ok(refunded) => Some((refunded, PaymentEvent::Refunded(data))),
            Err(_) => return accept_refund(order, payment, reported, now),
        },
        RefundChange::FailedLater if is_own => {
            let failed = payment.clone().refund_failed(reported.amount, now);
            Some((failed.map_err(|_| AdvanceError::Stale)?, PaymentEvent::RefundFailed(data)))
        }
        _ => None,
    };
    let (payment_after, payment_event) = match payment_after {
        Some((payment, event)) => (payment, Some(event)),
        None => (payment.clone(), None),
    };
    let (order_after, event) = order_after.after_refund(reported, change, &payment_after);
    let order_after = order_after.with_refunds_by_line(&payment_after);
    let saved = PaidOrder { order: &order_after, payment: Some(&payment_after) }.commit(
        PaidOrder { order, payment: Some(payment) },
        event,
        payment_event,
        |_| AdvanceError::StockMismatch,
    );
    Ok(saved.with_output((Some(order_after), Some(payment_after))))
}

/// Records a refund that the gateway has made as accepted only, because the payment has no amount left for it: it
/// uses the amount of an earlier refund, whose failure is not recorded yet. The check of the refunds is due at
/// once. It reads all of them, and records the failure before the refund.
fn accept_refund(order: &Order, payment: &Payment, made: &GatewayRefund, now: Timestamp) -> Decision {
    let accepted = GatewayRefund { status: RefundStatus::Pending, ..made.clone() };
    let (order_after, change) = order.clone().with_reported_refund(&accepted, now)?;
    let order_after = Order { refund_check_at: Some(now), ..order_after };
    let (order_after, event) = order_after.after_refund(&accepted, change, payment);
    Ok(save(order, Some(payment), order_after.with_refunds_by_line(payment), event))
}

/// The gateway refused a refund. Refunds that it has made and the order does not contain are recorded first,
/// one in each commit, because they may be the reason.
pub(crate) fn apply_refusal(
    order: Order,
    payment: Option<Payment>,
    refusal: &RefundRefusal,
    now: Timestamp,
) -> Decision {
    for reported in &refusal.refunds {
        match apply_refund(&order, payment.as_ref(), reported, now) {
            Err(AdvanceError::Stale) => {}
            result => return result,
        }
    }
    let RefundRefusal { number, attempt, code, .. } = refusal;
    let refund = order.refunds.iter().find(|refund| refund.number == *number).ok_or(InvalidState)?;
    let captured = order.captured_by(&refund.gateway_id, payment.as_ref()).ok_or(InvalidState)?;
    let left = order.left_at_gateway(&refund.gateway_id, captured);
    let (refused, event) = order.clone().refund_refused(*number, *attempt, left, code, now)?;
    let refused = match &payment {
        Some(payment) => refused.with_refunds_by_line(payment),
        None => refused,
    };
    Ok(save(&order, payment.as_ref(), refused, event))
}

/// The order ends: it has no refund left to request.
pub(crate) fn apply_end(order: Order, payment: Option<Payment>, now: Timestamp) -> Decision {
    let (ended, event) = order.clone().refunds_requested(now)?;
    Ok(save(&order, payment.as_ref(), ended, event))
}

//! Command that advances an order's fulfilment by one step.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::domain::order::event::EventConstructor;
use crate::domain::order::fulfilment::decision::{Decision, save};
use crate::domain::order::fulfilment::record_refund::{
    RefundRefusal, apply_end, apply_refund, apply_refusal,
};
use crate::domain::order::payment::refund::gateway_refund::GatewayRefund;
use crate::domain::order::payment::{Capture, Checkout, DeclineCode, Payment, PaymentEvent};
use crate::domain::order::state_machine::commit::PaidOrder;
use crate::domain::order::{Order, OrderEvent, OrderId, Party};
use crate::domain::product::ProductId;
use crate::kit::command::{Command, ReadSet};
use crate::kit::system::clock::Timestamp;

pub(crate) use super::decision::order_and_payment;
pub use super::decision::{AdvanceError, OrderAndPayment};

/// Transition of an order's fulfilment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FulfilmentTransition {
    /// Reserve the stock and record the intent to charge.
    Reserve,
    /// A product has fewer units available than ordered.
    OutOfStock(ProductId),
    /// The gateway returned an error for this attempt, so it is unknown whether the charge was made. Carries
    /// the number of the attempt.
    ChargeFailed(u32),
    /// The charge of this attempt was not made because of a gateway error: start another attempt. Carries the
    /// number of the failed attempt, so that only one of several concurrent workers starts the next one.
    RetryCharge(u32),
    /// The gateway created a checkout.
    Payable(Checkout),
    /// The charge waits for the buyer, for example for an authentication (3-D Secure). The checkout is that
    /// of the charge.
    ActionRequired(Checkout),
    /// The overdue checkout is closed and was not paid.
    CheckoutClosed,
    /// The overdue checkout is being paid, and the outcome is not known yet.
    PaymentProcessing,
    /// The gateway captured a payment.
    Captured(Capture),
    /// The gateway declined the charge.
    Declined(DeclineCode),
    /// The charge was not made and can no longer be made.
    NotCharged,
    /// The gateway has accepted a refund: its present state there.
    RefundReported(GatewayRefund),
    /// The refund with this number (first field) was not made because of a gateway error: start another
    /// attempt, unless the given attempt (second field) was already retried.
    RetryRefund(u32, u32),
    /// The gateway refused a refund.
    RefundRefused(RefundRefusal),
    /// No refund of an order that waits for its refunds must be requested any more.
    RefundsRequested,
}

/// Applies a [`FulfilmentTransition`] to an order.
#[derive(Debug, Clone)]
pub struct AdvanceOrder {
    /// Id of the order.
    pub id: OrderId,
    /// Transition to apply.
    pub by: FulfilmentTransition,
    /// Time that an order waits for a payment by its buyer.
    pub payment_window: Duration,
}

impl Command for AdvanceOrder {
    type State = OrderAndPayment;
    type Output = OrderAndPayment;
    type Error = AdvanceError;

    fn reads(&self) -> ReadSet<Self::State> {
        order_and_payment(self.id)
    }

    /// # Errors
    /// [`AdvanceError`]. `OutOfStock` results from the condition on a stock counter and is exact under
    /// concurrency.
    fn decide(&self, (order, payment): Self::State, now: Timestamp) -> Decision {
        use FulfilmentTransition as Transition;
        let order = order.ok_or(AdvanceError::Stale)?;
        let before = order.clone();
        let declined = |code: &DeclineCode| format!("payment declined: {}", code.as_str());
        let (order, event): (Order, EventConstructor) = match &self.by {
            Transition::Reserve => return self.reserve(order, payment, now),
            Transition::Captured(capture) => return apply_capture(order, payment, capture, now),
            Transition::RefundReported(refund) => {
                return apply_refund(&order, payment.as_ref(), refund, now);
            }
            Transition::RefundRefused(refusal) => {
                return apply_refusal(order, payment, refusal, now);
            }
            Transition::RefundsRequested => return apply_end(order, payment, now),
            Transition::OutOfStock(product) => {
                (order.out_of_stock(format!("out of stock: {product}"), now)?, OrderEvent::Rejected)
            }
            Transition::Declined(code) => (order.declined(declined(code), now)?, OrderEvent::Rejected),
            Transition::ChargeFailed(attempt) => {
                (order.charge_failed(*attempt, now)?, OrderEvent::Progressed)
            }
            Transition::RetryCharge(attempt) => (order.retry_charge(*attempt, now)?, OrderEvent::Progressed),
            Transition::Payable(checkout) => (order.payable(checkout.clone(), now)?, OrderEvent::Progressed),
            Transition::ActionRequired(checkout) => {
                let until = now.saturating_add(self.payment_window);
                (order.action_required(checkout.clone(), until, now)?, OrderEvent::Progressed)
            }
            Transition::CheckoutClosed => (order.checkout_closed(now)?, OrderEvent::Expired),
            Transition::PaymentProcessing => {
                let until = now.saturating_add(self.payment_window);
                (order.payment_processing(until, now)?, OrderEvent::Progressed)
            }
            Transition::NotCharged => (order.never_charged(now)?, OrderEvent::Progressed),
            Transition::RetryRefund(number, attempt) => {
                (order.retry_refund(*number, *attempt, now)?, OrderEvent::Progressed)
            }
        };
        Ok(save(&before, payment.as_ref(), order, event))
    }
}

impl AdvanceOrder {
    fn reserve(&self, order: Order, payment: Option<Payment>, now: Timestamp) -> Decision {
        let reserved = order.clone().reserved(self.payment_window, now)?;
        let event: EventConstructor =
            if reserved.is_free() { OrderEvent::Confirmed } else { OrderEvent::AwaitingPayment };
        let before = PaidOrder { order: &order, payment: payment.as_ref() };
        let saved = PaidOrder { order: &reserved, ..before }
            .commit(before, event, None, |line| AdvanceError::OutOfStock(line.product_id));
        Ok(saved.with_output((Some(reserved), payment)))
    }
}

/// Records a capture reported by the saga or by the gateway. The first capture of an order is its payment;
/// any other capture is a duplicate and is refunded.
pub(crate) fn apply_capture(
    order: Order,
    payment: Option<Payment>,
    capture: &Capture,
    now: Timestamp,
) -> Decision {
    let before = order.clone();
    let Some(existing) = payment else {
        let payment = Payment::captured(order.id, capture, now);
        let order = order.apply_payment(&payment, now)?;
        let is_refunded = order.due_refund().is_some();
        let event: EventConstructor =
            if is_refunded { OrderEvent::RefundStarted } else { OrderEvent::Confirmed };
        let captured = PaymentEvent::Captured(payment.event_data(order.market_id, payment.captured));
        let saved = PaidOrder { order: &order, payment: Some(&payment) }.commit(
            PaidOrder { order: &before, payment: None },
            event,
            Some(captured),
            |_| AdvanceError::StockMismatch,
        );
        return Ok(saved.with_output((Some(order), Some(payment))));
    };
    let is_recorded = existing.gateway_id == capture.gateway_id
        || order.refunds.iter().any(|refund| refund.gateway_id == capture.gateway_id);
    if is_recorded || capture.amount.amount() == 0 {
        return Err(AdvanceError::Stale);
    }
    let refunding =
        order.with_refund_due(&capture.gateway_id, capture.amount, Party::System, "duplicate payment", now);
    Ok(save(&before, Some(&existing), refunding.next_version(now), OrderEvent::RefundStarted))
}

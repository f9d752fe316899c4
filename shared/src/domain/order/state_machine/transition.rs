//! Transitions of the order state machine, each from one version to the next.

use std::time::Duration;

use crate::domain::order::fulfilment::Fulfilment;
use crate::domain::order::payment::{ChargeIntent, Checkout, Payment};
use crate::domain::order::{Order, OrderStatus, Party, Shipment, Transition};
use crate::kit::system::clock::Timestamp;

/// The transition is not allowed in the current state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the state of the order does not allow this operation")]
pub struct InvalidState;

/// Reason in the timeline of an order that is confirmed without a payment.
const NO_PAYMENT_NEEDED: &str = "no payment needed";

impl Order {
    /// The stock is reserved: charge the payment method, or wait up to `window` for the payment. An order
    /// with a total of zero is confirmed at once.
    pub(crate) fn reserved(self, window: Duration, now: Timestamp) -> Result<Self, InvalidState> {
        if self.fulfilment != Fulfilment::Accepted {
            return Err(InvalidState);
        }
        if self.is_free() {
            let reason = Some(NO_PAYMENT_NEEDED.to_owned());
            let confirmed = self.with_step(Fulfilment::Finished, now);
            return Ok(confirmed.with_status(OrderStatus::Confirmed, Party::System, reason));
        }
        let fulfilment = match self.payment_method.clone() {
            Some(method) => {
                Fulfilment::Charging { intent: ChargeIntent::first(self.id, self.total(), method, now) }
            }
            None => Fulfilment::AwaitingPayment { until: now.saturating_add(window), checkout: None },
        };
        Ok(self.with_step(fulfilment, now).with_status(OrderStatus::AwaitingPayment, Party::System, None))
    }

    /// The gateway returned an error for this attempt and repeats it for the same idempotency key.
    pub(crate) fn charge_failed(self, attempt: u32, now: Timestamp) -> Result<Self, InvalidState> {
        let is_new_failure = |intent: &ChargeIntent| intent.attempt == attempt && intent.failed_at.is_none();
        let fulfilment = match self.fulfilment.clone() {
            Fulfilment::Charging { intent } if is_new_failure(&intent) => {
                Fulfilment::Charging { intent: intent.failed(now) }
            }
            Fulfilment::ResolvingCharge { intent } if is_new_failure(&intent) => {
                Fulfilment::ResolvingCharge { intent: intent.failed(now) }
            }
            _ => return Err(InvalidState),
        };
        Ok(self.with_step(fulfilment, now))
    }

    /// The charge of this attempt was not made because of a gateway error: start another attempt.
    pub(crate) fn retry_charge(self, attempt: u32, now: Timestamp) -> Result<Self, InvalidState> {
        let Fulfilment::Charging { intent } = self.fulfilment.clone() else { return Err(InvalidState) };
        if intent.attempt != attempt {
            return Err(InvalidState);
        }
        Ok(self.with_step(Fulfilment::Charging { intent: intent.next_attempt(now) }, now))
    }

    /// The gateway created the checkout.
    pub(crate) fn payable(self, checkout: Checkout, now: Timestamp) -> Result<Self, InvalidState> {
        match self.fulfilment {
            Fulfilment::AwaitingPayment { until, checkout: None } => {
                Ok(self.with_step(Fulfilment::AwaitingPayment { until, checkout: Some(checkout) }, now))
            }
            _ => Err(InvalidState),
        }
    }

    /// The charge waits for the buyer, who has until `until` to pay at its checkout.
    pub(crate) fn action_required(
        self,
        checkout: Checkout,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Self, InvalidState> {
        match self.fulfilment {
            Fulfilment::Charging { .. } => {
                Ok(self.with_step(Fulfilment::AwaitingPayment { until, checkout: Some(checkout) }, now))
            }
            _ => Err(InvalidState),
        }
    }

    /// A product has fewer units available than ordered.
    pub(crate) fn out_of_stock(self, reason: String, now: Timestamp) -> Result<Self, InvalidState> {
        match self.fulfilment {
            Fulfilment::Accepted => Ok(self.rejected(reason, now)),
            _ => Err(InvalidState),
        }
    }

    /// The charge was declined, or the gateway does not support the payment.
    pub(crate) fn declined(self, reason: String, now: Timestamp) -> Result<Self, InvalidState> {
        match self.fulfilment {
            Fulfilment::Charging { .. } | Fulfilment::AwaitingPayment { checkout: None, .. } => {
                Ok(self.rejected(reason, now))
            }
            _ => Err(InvalidState),
        }
    }

    /// Cancels the order; starts resolving the charge or a refund if money may have moved.
    pub(crate) fn cancelled(
        self,
        by: Party,
        reason: Option<String>,
        payment: Option<&Payment>,
        now: Timestamp,
    ) -> Result<Self, InvalidState> {
        let order = match (self.status, self.fulfilment.clone()) {
            (OrderStatus::Pending, Fulfilment::Accepted)
            | (
                OrderStatus::AwaitingPayment,
                Fulfilment::AwaitingPayment { .. } | Fulfilment::ClosingCheckout { .. },
            ) => self.with_step(Fulfilment::Finished, now),
            (OrderStatus::AwaitingPayment, Fulfilment::Charging { intent }) => {
                self.with_step(Fulfilment::ResolvingCharge { intent }, now)
            }
            (OrderStatus::Confirmed, Fulfilment::Finished) if self.is_free() => {
                self.with_step(Fulfilment::Finished, now)
            }
            (OrderStatus::Confirmed, Fulfilment::Finished) => {
                let payment = payment.ok_or(InvalidState)?;
                let (left, stock_position) = (payment.refundable(&self.refunds), self.stock_position());
                if left.amount() == 0 {
                    return Err(InvalidState);
                }
                let refunding =
                    self.with_refund_due(&payment.gateway_id, left, Party::System, "cancelled", now);
                refunding
                    .with_refunds_by_line(payment)
                    .with_step(Fulfilment::Refunding { stock_position }, now)
            }
            _ => return Err(InvalidState),
        };
        Ok(order.with_status(OrderStatus::Cancelled, by, reason))
    }

    /// The payment deadline has passed. An order with a checkout expires once the checkout is closed; without
    /// one, there is nothing that could be paid.
    pub(crate) fn overdue(self, now: Timestamp) -> Result<Self, InvalidState> {
        match self.fulfilment.clone() {
            Fulfilment::AwaitingPayment { until, checkout } if until <= now => match checkout {
                Some(checkout) => {
                    Ok(self.with_step(Fulfilment::ClosingCheckout { checkout, since: now }, now))
                }
                None => Ok(self.expired(now)),
            },
            _ => Err(InvalidState),
        }
    }

    /// The overdue checkout is closed: the order expires.
    pub(crate) fn checkout_closed(self, now: Timestamp) -> Result<Self, InvalidState> {
        match self.fulfilment {
            Fulfilment::ClosingCheckout { .. } => Ok(self.expired(now)),
            _ => Err(InvalidState),
        }
    }

    /// The overdue checkout is being paid: the order waits for the outcome until `until`.
    pub(crate) fn payment_processing(self, until: Timestamp, now: Timestamp) -> Result<Self, InvalidState> {
        match self.fulfilment.clone() {
            Fulfilment::ClosingCheckout { checkout, .. } => {
                Ok(self.with_step(Fulfilment::AwaitingPayment { until, checkout: Some(checkout) }, now))
            }
            _ => Err(InvalidState),
        }
    }

    fn expired(self, now: Timestamp) -> Self {
        let reason = Some("not paid in time".to_owned());
        self.with_step(Fulfilment::Finished, now).with_status(OrderStatus::Expired, Party::System, reason)
    }

    /// The order was cancelled, and the charge was not made.
    pub(crate) fn never_charged(self, now: Timestamp) -> Result<Self, InvalidState> {
        match self.fulfilment {
            Fulfilment::ResolvingCharge { .. } => Ok(self.with_step(Fulfilment::Finished, now)),
            _ => Err(InvalidState),
        }
    }

    /// Marks the order as shipped, unless its payment is being refunded in full, or all of its units are back in
    /// the stock.
    pub(crate) fn shipped(
        self,
        shipment: Shipment,
        payment: Option<&Payment>,
        now: Timestamp,
    ) -> Result<Self, InvalidState> {
        let is_paid = payment.is_some_and(|payment| payment.refundable(&self.refunds).amount() > 0);
        match (self.status, &self.fulfilment) {
            (OrderStatus::Confirmed, Fulfilment::Finished)
                if (is_paid || self.is_free()) && self.has_units() =>
            {
                let shipped = Self { shipment: Some(shipment), ..self.next_version(now) };
                Ok(shipped.with_status(OrderStatus::Shipped, Party::Seller, None))
            }
            _ => Err(InvalidState),
        }
    }

    /// Marks the order as delivered.
    pub(crate) fn delivered(self, now: Timestamp) -> Result<Self, InvalidState> {
        match (self.status, &self.fulfilment) {
            (OrderStatus::Shipped, Fulfilment::Finished) => {
                Ok(self.next_version(now).with_status(OrderStatus::Delivered, Party::Seller, None))
            }
            _ => Err(InvalidState),
        }
    }

    fn rejected(self, reason: String, now: Timestamp) -> Self {
        self.with_step(Fulfilment::Finished, now).with_status(
            OrderStatus::Rejected,
            Party::System,
            Some(reason),
        )
    }

    /// Next version with another fulfilment step.
    pub(crate) fn with_step(self, fulfilment: Fulfilment, now: Timestamp) -> Self {
        Self { fulfilment, ..self.next_version(now) }
    }

    /// Next version without other changes.
    pub(crate) fn next_version(self, now: Timestamp) -> Self {
        Self { version: self.version.next(), updated_at: now, ..self }
    }

    /// Same version with another status and a new timeline entry.
    pub(crate) fn with_status(mut self, status: OrderStatus, by: Party, reason: Option<String>) -> Self {
        self.status = status;
        self.timeline.push(Transition { status, at: self.updated_at, by, reason });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order::fulfilment::StockPosition;
    use crate::domain::order::tests::{placed, placed_free};
    use crate::domain::tests::at;

    #[test]
    fn error_or_retry_of_another_charge_attempt_is_refused() {
        let order = placed(Some("pm_card_visa"));
        let charging = order.reserved(Duration::from_hours(1), at(0)).unwrap();
        let resolving = charging.clone().cancelled(Party::Buyer, None, None, at(0)).unwrap();
        for attempt in [0, 2] {
            assert_eq!(charging.clone().charge_failed(attempt, at(1)), Err(InvalidState));
            assert_eq!(charging.clone().retry_charge(attempt, at(1)), Err(InvalidState));
            assert_eq!(resolving.clone().charge_failed(attempt, at(1)), Err(InvalidState));
        }
    }

    #[test]
    fn order_with_total_zero_is_confirmed_without_payment() {
        for method in [None, Some("pm_card_visa")] {
            let confirmed = placed_free(method).reserved(Duration::from_hours(1), at(1)).unwrap();
            assert_eq!(
                (confirmed.status, &confirmed.fulfilment),
                (OrderStatus::Confirmed, &Fulfilment::Finished)
            );
            assert_eq!((confirmed.stock_position(), confirmed.payment_id), (StockPosition::Sold, None));
            let reason = confirmed.timeline.last().and_then(|entry| entry.reason.clone());
            assert_eq!((confirmed.timeline.len(), reason.as_deref()), (2, Some("no payment needed")));
            let cancelled = confirmed.cancelled(Party::Buyer, None, None, at(2)).unwrap();
            assert_eq!(
                (cancelled.status, &cancelled.fulfilment),
                (OrderStatus::Cancelled, &Fulfilment::Finished)
            );
            assert_eq!((cancelled.stock_position(), cancelled.refunds.len()), (StockPosition::Available, 0));
        }
    }
}

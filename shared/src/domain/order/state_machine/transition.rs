//! The state machine of an order: from one version to the next, nothing else.

use std::time::Duration;

use crate::domain::order::fulfilment::Fulfilment;
use crate::domain::order::{Order, OrderStatus, Party, Shipment, Transition};
use crate::domain::payment::{ChargeIntent, Checkout, Payment};
use crate::kit::system::clock::Timestamp;

/// The order is not in a state in which this can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the order's state does not allow this")]
pub struct InvalidState;

impl Order {
    /// The stock is reserved: charge, or wait for the payment as long as `window`.
    pub(crate) fn reserved(self, window: Duration, now: Timestamp) -> Result<Self, InvalidState> {
        if self.fulfilment != Fulfilment::Accepted {
            return Err(InvalidState);
        }
        let fulfilment = match self.payment_method.clone() {
            Some(method) => {
                Fulfilment::Charging { intent: ChargeIntent::first(self.id, self.total, method, now) }
            }
            None => Fulfilment::AwaitingPayment { until: now.saturating_add(window), checkout: None },
        };
        Ok(self.with_step(fulfilment, now).with_status(OrderStatus::AwaitingPayment, Party::System, None))
    }

    /// The gateway repeats a failure of its own under the key of this attempt.
    pub(crate) fn charge_failed(self, attempt: u32, now: Timestamp) -> Result<Self, InvalidState> {
        let is_news = |intent: &ChargeIntent| intent.attempt == attempt && intent.failed_at.is_none();
        let fulfilment = match self.fulfilment.clone() {
            Fulfilment::Charging { intent } if is_news(&intent) => {
                Fulfilment::Charging { intent: intent.failed(now) }
            }
            Fulfilment::ResolvingCharge { intent } if is_news(&intent) => {
                Fulfilment::ResolvingCharge { intent: intent.failed(now) }
            }
            _ => return Err(InvalidState),
        };
        Ok(self.with_step(fulfilment, now))
    }

    /// The charge of this attempt was certainly not made, through no fault of the buyer's: it is decided on once more.
    pub(crate) fn retry_charge(self, attempt: u32, now: Timestamp) -> Result<Self, InvalidState> {
        let Fulfilment::Charging { intent } = self.fulfilment.clone() else { return Err(InvalidState) };
        if intent.attempt != attempt {
            return Err(InvalidState);
        }
        Ok(self.with_step(Fulfilment::Charging { intent: intent.next_attempt(now) }, now))
    }

    /// The buyer can pay from now on.
    pub(crate) fn payable(self, checkout: Checkout, now: Timestamp) -> Result<Self, InvalidState> {
        match self.fulfilment {
            Fulfilment::AwaitingPayment { until, checkout: None } => {
                Ok(self.with_step(Fulfilment::AwaitingPayment { until, checkout: Some(checkout) }, now))
            }
            _ => Err(InvalidState),
        }
    }

    /// The money is there. If the order waits for exactly that, it is confirmed; otherwise the money goes back, and the
    /// pieces stay where they are until it has.
    pub(crate) fn apply_payment(self, payment: &Payment, now: Timestamp) -> Result<Self, InvalidState> {
        if payment.captured.amount() == 0 {
            return Err(InvalidState);
        }
        let waits =
            matches!(self.fulfilment, Fulfilment::Charging { .. } | Fulfilment::AwaitingPayment { .. });
        let reason = match self.status {
            _ if waits => "the amount paid is not the order's total",
            OrderStatus::Pending | OrderStatus::AwaitingPayment => "paid before it was asked for",
            _ => "paid when the order was over",
        };
        let pieces = self.pieces();
        let order = Self { payment_id: Some(payment.id), ..self };
        if waits && payment.captured == order.total {
            let confirmed = order.with_step(Fulfilment::Finished, now);
            return Ok(confirmed.with_status(OrderStatus::Confirmed, Party::System, None));
        }
        let owing =
            order.with_refund_due((&payment.gateway_id, payment.captured), (Party::System, reason), now);
        Ok(owing.with_step(Fulfilment::Refunding { pieces }, now))
    }

    /// There is no stock for it.
    pub(crate) fn out_of_stock(self, reason: String, now: Timestamp) -> Result<Self, InvalidState> {
        match self.fulfilment {
            Fulfilment::Accepted => Ok(self.rejected(reason, now)),
            _ => Err(InvalidState),
        }
    }

    /// The charge was declined, or the gateway does not take such a payment at all.
    pub(crate) fn declined(self, reason: String, now: Timestamp) -> Result<Self, InvalidState> {
        match self.fulfilment {
            Fulfilment::Charging { .. } | Fulfilment::AwaitingPayment { checkout: None, .. } => {
                Ok(self.rejected(reason, now))
            }
            _ => Err(InvalidState),
        }
    }

    /// Called off by `by`, whatever that leaves to be undone.
    pub(crate) fn cancelled(
        self,
        by: Party,
        reason: Option<String>,
        payment: Option<&Payment>,
        now: Timestamp,
    ) -> Result<Self, InvalidState> {
        let order = match (self.status, self.fulfilment.clone()) {
            (OrderStatus::Pending, Fulfilment::Accepted)
            | (OrderStatus::AwaitingPayment, Fulfilment::AwaitingPayment { .. }) => {
                self.with_step(Fulfilment::Finished, now)
            }
            (OrderStatus::AwaitingPayment, Fulfilment::Charging { intent }) => {
                self.with_step(Fulfilment::ResolvingCharge { intent }, now)
            }
            (OrderStatus::Confirmed, Fulfilment::Finished) => {
                let payment = payment.ok_or(InvalidState)?;
                let (left, pieces) = (self.refundable(payment), self.pieces());
                if left.amount() == 0 {
                    return Err(InvalidState);
                }
                let owing =
                    self.with_refund_due((&payment.gateway_id, left), (Party::System, "cancelled"), now);
                owing.with_step(Fulfilment::Refunding { pieces }, now)
            }
            _ => return Err(InvalidState),
        };
        Ok(order.with_status(OrderStatus::Cancelled, by, reason))
    }

    /// Not paid in time.
    pub(crate) fn expired(self, now: Timestamp) -> Result<Self, InvalidState> {
        match self.fulfilment {
            Fulfilment::AwaitingPayment { until, .. } if until <= now => {
                let order = self.with_step(Fulfilment::Finished, now);
                Ok(order.with_status(
                    OrderStatus::Expired,
                    Party::System,
                    Some("not paid in time".to_owned()),
                ))
            }
            _ => Err(InvalidState),
        }
    }

    /// Called off, and the charge was never made.
    pub(crate) fn never_charged(self, now: Timestamp) -> Result<Self, InvalidState> {
        match self.fulfilment {
            Fulfilment::ResolvingCharge { .. } => Ok(self.with_step(Fulfilment::Finished, now)),
            _ => Err(InvalidState),
        }
    }

    /// On its way. Not so if all of its money is on its way back.
    pub(crate) fn shipped(
        self,
        shipment: Shipment,
        payment: &Payment,
        now: Timestamp,
    ) -> Result<Self, InvalidState> {
        match (self.status, &self.fulfilment) {
            (OrderStatus::Confirmed, Fulfilment::Finished) if self.refundable(payment).amount() > 0 => {
                let sent = Self { shipment: Some(shipment), ..self.next_version(now) };
                Ok(sent.with_status(OrderStatus::Shipped, Party::Seller, None))
            }
            _ => Err(InvalidState),
        }
    }

    /// Arrived.
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

    /// The next version, at this step.
    pub(crate) fn with_step(self, fulfilment: Fulfilment, now: Timestamp) -> Self {
        Self { fulfilment, ..self.next_version(now) }
    }

    /// The next version.
    pub(crate) fn next_version(self, now: Timestamp) -> Self {
        Self { version: self.version.next(), updated_at: now, ..self }
    }

    /// The same version with another status.
    pub(crate) fn with_status(mut self, status: OrderStatus, by: Party, reason: Option<String>) -> Self {
        self.status = status;
        self.timeline.push(Transition { status, at: self.updated_at, by, reason });
        self
    }
}

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
            None => Fulfilment::AwaitingPayment { until: now.plus(window), checkout: None },
        };
        Ok(self.at(fulfilment, now).becomes(OrderStatus::AwaitingPayment, Party::System, None))
    }

    /// The gateway repeats a failure of its own under the key of this attempt.
    pub(crate) fn charge_failed(self, attempt: u32, now: Timestamp) -> Result<Self, InvalidState> {
        let is_news = |intent: &ChargeIntent| intent.attempt == attempt && intent.failed_at.is_none();
        let fulfilment = match self.fulfilment.clone() {
            Fulfilment::Charging { intent } if is_news(&intent) => {
                Fulfilment::Charging { intent: intent.failed(now) }
            }
            Fulfilment::Settling { intent } if is_news(&intent) => {
                Fulfilment::Settling { intent: intent.failed(now) }
            }
            _ => return Err(InvalidState),
        };
        Ok(self.at(fulfilment, now))
    }

    /// The charge of this attempt was certainly not made, through no fault of the buyer's: it is decided on once more.
    pub(crate) fn charged_anew(self, attempt: u32, now: Timestamp) -> Result<Self, InvalidState> {
        let Fulfilment::Charging { intent } = self.fulfilment.clone() else { return Err(InvalidState) };
        if intent.attempt != attempt {
            return Err(InvalidState);
        }
        Ok(self.at(Fulfilment::Charging { intent: intent.anew(now) }, now))
    }

    /// The buyer can pay from now on.
    pub(crate) fn payable(self, checkout: Checkout, now: Timestamp) -> Result<Self, InvalidState> {
        match self.fulfilment {
            Fulfilment::AwaitingPayment { until, checkout: None } => {
                Ok(self.at(Fulfilment::AwaitingPayment { until, checkout: Some(checkout) }, now))
            }
            _ => Err(InvalidState),
        }
    }

    /// The money is there. If the order waits for exactly that, it is confirmed; otherwise the money goes back, and the
    /// pieces stay where they are until it has.
    pub(crate) fn paid(self, payment: &Payment, now: Timestamp) -> Result<Self, InvalidState> {
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
            let confirmed = order.at(Fulfilment::Finished, now);
            return Ok(confirmed.becomes(OrderStatus::Confirmed, Party::System, None));
        }
        let owing = order.owing((&payment.gateway_id, payment.captured), (Party::System, reason), now);
        Ok(owing.at(Fulfilment::Refunding { pieces }, now))
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
                self.at(Fulfilment::Finished, now)
            }
            (OrderStatus::AwaitingPayment, Fulfilment::Charging { intent }) => {
                self.at(Fulfilment::Settling { intent }, now)
            }
            (OrderStatus::Confirmed, Fulfilment::Finished) => {
                let payment = payment.ok_or(InvalidState)?;
                let (left, pieces) = (self.left_of(payment), self.pieces());
                if left.amount() == 0 {
                    return Err(InvalidState);
                }
                let owing = self.owing((&payment.gateway_id, left), (Party::System, "cancelled"), now);
                owing.at(Fulfilment::Refunding { pieces }, now)
            }
            _ => return Err(InvalidState),
        };
        Ok(order.becomes(OrderStatus::Cancelled, by, reason))
    }

    /// Not paid in time.
    pub(crate) fn expired(self, now: Timestamp) -> Result<Self, InvalidState> {
        match self.fulfilment {
            Fulfilment::AwaitingPayment { until, .. } if until <= now => {
                let order = self.at(Fulfilment::Finished, now);
                Ok(order.becomes(OrderStatus::Expired, Party::System, Some("not paid in time".to_owned())))
            }
            _ => Err(InvalidState),
        }
    }

    /// Called off, and the charge was never made.
    pub(crate) fn never_charged(self, now: Timestamp) -> Result<Self, InvalidState> {
        match self.fulfilment {
            Fulfilment::Settling { .. } => Ok(self.at(Fulfilment::Finished, now)),
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
            (OrderStatus::Confirmed, Fulfilment::Finished) if self.left_of(payment).amount() > 0 => {
                let sent = Self { shipment: Some(shipment), ..self.touched(now) };
                Ok(sent.becomes(OrderStatus::Shipped, Party::Seller, None))
            }
            _ => Err(InvalidState),
        }
    }

    /// Arrived.
    pub(crate) fn delivered(self, now: Timestamp) -> Result<Self, InvalidState> {
        match (self.status, &self.fulfilment) {
            (OrderStatus::Shipped, Fulfilment::Finished) => {
                Ok(self.touched(now).becomes(OrderStatus::Delivered, Party::Seller, None))
            }
            _ => Err(InvalidState),
        }
    }

    fn rejected(self, reason: String, now: Timestamp) -> Self {
        self.at(Fulfilment::Finished, now).becomes(OrderStatus::Rejected, Party::System, Some(reason))
    }

    /// The next version, at this step.
    pub(crate) fn at(self, fulfilment: Fulfilment, now: Timestamp) -> Self {
        Self { fulfilment, ..self.touched(now) }
    }

    /// The next version.
    pub(crate) fn touched(self, now: Timestamp) -> Self {
        Self { version: self.version.next(), updated_at: now, ..self }
    }

    /// The same version with another status.
    pub(crate) fn becomes(mut self, status: OrderStatus, by: Party, reason: Option<String>) -> Self {
        self.status = status;
        self.timeline.push(Transition { status, at: self.updated_at, by, reason });
        self
    }
}

//! The state machine of an order: from one version to the next, nothing else.

use std::time::Duration;

use super::fulfilment::{Fulfilment, Pieces};
use super::{Order, OrderStatus, Party, Transition};
use crate::clock::Timestamp;
use crate::domain::payment::{ChargeIntent, GatewayId, Payment, RefundIntent};

/// The order is not in a state in which this can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the order's state does not allow this")]
pub struct InvalidState;

impl Order {
    /// The stock is reserved: charge, or wait for the payment as long as `window`.
    pub(super) fn reserved(self, window: Duration, now: Timestamp) -> Result<Self, InvalidState> {
        if self.fulfilment != Fulfilment::Accepted {
            return Err(InvalidState);
        }
        let fulfilment = match self.payment_method.clone() {
            Some(method) => {
                let (order_id, amount) = (self.id, self.total);
                let intent = ChargeIntent { order_id, amount, method, attempt: 1, decided_at: now };
                Fulfilment::Charging { intent }
            }
            None => Fulfilment::AwaitingPayment { until: now.plus(window) },
        };
        Ok(self.at(fulfilment, now).becomes(OrderStatus::AwaitingPayment, Party::System, None))
    }

    /// The charge was certainly not made, through no fault of the buyer's: it is decided on once more.
    pub(super) fn charged_anew(self, now: Timestamp) -> Result<Self, InvalidState> {
        let Fulfilment::Charging { intent } = self.fulfilment.clone() else { return Err(InvalidState) };
        Ok(self.at(Fulfilment::Charging { intent: intent.anew(now) }, now))
    }

    /// The money is there.
    pub(super) fn confirmed(self, payment: &Payment, now: Timestamp) -> Result<Self, InvalidState> {
        if !matches!(self.fulfilment, Fulfilment::Charging { .. }) {
            return Err(InvalidState);
        }
        let order = Self { payment_id: Some(payment.id), ..self.at(Fulfilment::Finished, now) };
        Ok(order.becomes(OrderStatus::Confirmed, Party::System, None))
    }

    /// It cannot be: there is no stock, or the charge was declined.
    pub(super) fn rejected(self, reason: String, now: Timestamp) -> Result<Self, InvalidState> {
        if !matches!(self.fulfilment, Fulfilment::Accepted | Fulfilment::Charging { .. }) {
            return Err(InvalidState);
        }
        let order = self.at(Fulfilment::Finished, now);
        Ok(order.becomes(OrderStatus::Rejected, Party::System, Some(reason)))
    }

    /// Called off by `by`, whatever that leaves to be undone.
    pub(super) fn cancelled(
        self,
        by: Party,
        reason: Option<String>,
        paid_with: Option<GatewayId>,
        now: Timestamp,
    ) -> Result<Self, InvalidState> {
        let fulfilment = match (self.status, self.fulfilment.clone()) {
            (OrderStatus::Pending, Fulfilment::Accepted)
            | (OrderStatus::AwaitingPayment, Fulfilment::AwaitingPayment { .. }) => Fulfilment::Finished,
            (OrderStatus::AwaitingPayment, Fulfilment::Charging { intent }) => {
                Fulfilment::Settling { intent }
            }
            (OrderStatus::Confirmed, Fulfilment::Finished) => {
                self.refunding(paid_with.ok_or(InvalidState)?, Pieces::Sold, now)
            }
            _ => return Err(InvalidState),
        };
        Ok(self.at(fulfilment, now).becomes(OrderStatus::Cancelled, by, reason))
    }

    /// Not paid in time.
    pub(super) fn expired(self, now: Timestamp) -> Result<Self, InvalidState> {
        match self.fulfilment {
            Fulfilment::AwaitingPayment { until } if until <= now => {
                let order = self.at(Fulfilment::Finished, now);
                Ok(order.becomes(OrderStatus::Expired, Party::System, Some("not paid in time".to_owned())))
            }
            _ => Err(InvalidState),
        }
    }

    /// Called off, and the charge turned out to have been made: it goes back.
    pub(super) fn captured_too_late(self, payment: &Payment, now: Timestamp) -> Result<Self, InvalidState> {
        if !matches!(self.fulfilment, Fulfilment::Settling { .. }) {
            return Err(InvalidState);
        }
        let refunding = self.refunding(payment.gateway_id.clone(), Pieces::Reserved, now);
        Ok(Self { payment_id: Some(payment.id), ..self.at(refunding, now) })
    }

    /// What had to be undone is undone.
    pub(super) fn unwound(self, now: Timestamp) -> Result<Self, InvalidState> {
        match self.fulfilment {
            Fulfilment::Settling { .. } | Fulfilment::Refunding { .. } => {
                Ok(self.at(Fulfilment::Finished, now))
            }
            _ => Err(InvalidState),
        }
    }

    fn refunding(&self, gateway_id: GatewayId, pieces: Pieces, now: Timestamp) -> Fulfilment {
        let intent = RefundIntent { order_id: self.id, gateway_id, amount: self.total, decided_at: now };
        Fulfilment::Refunding { intent, pieces }
    }

    fn at(self, fulfilment: Fulfilment, now: Timestamp) -> Self {
        Self { version: self.version.next(), fulfilment, updated_at: now, ..self }
    }

    fn becomes(mut self, status: OrderStatus, by: Party, reason: Option<String>) -> Self {
        self.status = status;
        self.timeline.push(Transition { status, at: self.updated_at, by, reason });
        self
    }
}

//! Refund transitions of the order state machine.

use super::transition::InvalidState;
use crate::domain::order::event::EventConstructor;
use crate::domain::order::fulfilment::Fulfilment;
use crate::domain::order::payment::refund::{Refund, RefundStatus};
use crate::domain::order::payment::{DeclineCode, GatewayId, Payment};
use crate::domain::order::{Order, OrderEvent, OrderStatus, Party};
use crate::domain::values::money::Money;
use crate::kit::system::clock::Timestamp;

/// Reason why a refund cannot be completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefundError {
    /// The refund does not exist or is not pending.
    NotPending,
    /// The gateway refused a refund that must be made.
    Refused,
}

impl Order {
    /// First pending refund.
    #[must_use]
    pub fn pending_refund(&self) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.is_pending())
    }

    /// Adds a pending refund of the given capture, without a new version.
    pub(crate) fn with_refund_due(
        mut self,
        captured_by: &GatewayId,
        amount: Money,
        by: Party,
        reason: &str,
        now: Timestamp,
    ) -> Self {
        let number = self.refunds.iter().map(|refund| refund.number).max().unwrap_or(0).saturating_add(1);
        self.refunds.push(Refund {
            number,
            gateway_id: captured_by.clone(),
            amount,
            by,
            reason: reason.to_owned(),
            status: RefundStatus::Pending,
            failure: None,
            attempt: 1,
            decided_at: now,
            at: now,
        });
        self
    }

    /// Starts another attempt at a refund that the gateway did not make because of an error of its own.
    pub(crate) fn retry_refund(
        mut self,
        number: u32,
        attempt: u32,
        now: Timestamp,
    ) -> Result<Self, InvalidState> {
        let refund =
            self.pending_mut(number).filter(|refund| refund.attempt == attempt).ok_or(InvalidState)?;
        refund.attempt = refund.attempt.saturating_add(1);
        refund.decided_at = now;
        Ok(self.next_version(now))
    }

    /// Marks a refund as succeeded. `payment` already includes it. Returns the constructor of the event to
    /// publish.
    pub(crate) fn refund_succeeded(
        mut self,
        number: u32,
        payment: &Payment,
        now: Timestamp,
    ) -> Result<(Self, EventConstructor), RefundError> {
        let refund = self.pending_mut(number).ok_or(RefundError::NotPending)?;
        refund.status = RefundStatus::Succeeded;
        let (by, reason) = (refund.by, refund.reason.clone());
        let ends_order = matches!(self.fulfilment, Fulfilment::Refunding { .. });
        let none_pending = self.pending_refund().is_none();
        let next = self.next_version(now);
        let result: (Self, EventConstructor) = match next.status {
            OrderStatus::Confirmed | OrderStatus::Shipped | OrderStatus::Delivered
                if payment.is_fully_refunded() && !next.is_free() =>
            {
                (next.with_status(OrderStatus::Refunded, by, Some(reason)), OrderEvent::Refunded)
            }
            OrderStatus::Pending | OrderStatus::AwaitingPayment if ends_order && none_pending => {
                let next = Self { fulfilment: Fulfilment::Finished, ..next };
                (next.with_status(OrderStatus::Rejected, Party::System, Some(reason)), OrderEvent::Rejected)
            }
            _ if ends_order && none_pending => {
                (Self { fulfilment: Fulfilment::Finished, ..next }, OrderEvent::PartiallyRefunded)
            }
            _ => (next, OrderEvent::PartiallyRefunded),
        };
        Ok(result)
    }

    /// Marks a refund as failed that the gateway refused permanently. Only a refund decided by the seller may
    /// fail: the seller keeps the money. A refund that the system decided on must be made, so its refusal is
    /// an error.
    pub(crate) fn refund_failed(
        mut self,
        number: u32,
        code: &DeclineCode,
        now: Timestamp,
    ) -> Result<Self, RefundError> {
        let optional = self.fulfilment == Fulfilment::Finished;
        let refund = self.pending_mut(number).ok_or(RefundError::NotPending)?;
        if !optional || refund.by != Party::Seller {
            return Err(RefundError::Refused);
        }
        refund.status = RefundStatus::Failed;
        refund.failure = Some(code.clone());
        Ok(self.next_version(now))
    }

    fn pending_mut(&mut self, number: u32) -> Option<&mut Refund> {
        self.refunds.iter_mut().find(|refund| refund.number == number && refund.is_pending())
    }
}

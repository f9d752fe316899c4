//! What of an order's money goes back: from one version to the next.

use super::transition::InvalidState;
use crate::domain::order::fulfilment::Fulfilment;
use crate::domain::order::fulfilment::advance::EventConstructor;
use crate::domain::order::{Order, OrderEvent, OrderStatus, Party};
use crate::domain::payment::{DeclineCode, GatewayId, Payment};
use crate::domain::refund::{Refund, RefundStatus};
use crate::domain::values::money::Money;
use crate::kit::system::clock::Timestamp;

/// Why a refund does not end so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefundError {
    /// It is not under way.
    MovedOn,
    /// The gateway refuses what we owe, whatever anybody decides.
    Refused,
}

impl Order {
    /// The first refund that the gateway has still to speak about.
    #[must_use]
    pub fn pending_refund(&self) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.is_pending())
    }

    /// What is left of the payment, once all refunds under way are through.
    #[must_use]
    pub fn refundable(&self, payment: &Payment) -> Money {
        let own = self.refunds.iter().filter(|refund| {
            refund.gateway_id == payment.gateway_id && refund.status != RefundStatus::Failed
        });
        let left = own.map(|refund| refund.amount).try_fold(payment.captured, Money::checked_sub);
        left.unwrap_or(Money::zero(payment.captured.currency()))
    }

    /// The same version with one refund more to be made, of this capture.
    pub(crate) fn with_refund_due(
        mut self,
        (of, amount): (&GatewayId, Money),
        (by, reason): (Party, &str),
        now: Timestamp,
    ) -> Self {
        let number = self.refunds.iter().map(|refund| refund.number).max().unwrap_or(0).saturating_add(1);
        self.refunds.push(Refund {
            number,
            gateway_id: of.clone(),
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

    /// The gateway certainly did not do it at this attempt, through nobody's fault: it is decided on once more.
    pub(crate) fn retry_refund(
        mut self,
        (number, attempt): (u32, u32),
        now: Timestamp,
    ) -> Result<Self, InvalidState> {
        let refund = self.under_way(number).filter(|refund| refund.attempt == attempt).ok_or(InvalidState)?;
        refund.attempt = refund.attempt.saturating_add(1);
        refund.decided_at = now;
        Ok(self.next_version(now))
    }

    /// The money of a refund went back, which leaves `payment`. Says what others are to hear of it.
    pub(crate) fn refund_succeeded(
        mut self,
        number: u32,
        payment: &Payment,
        now: Timestamp,
    ) -> Result<(Self, EventConstructor), RefundError> {
        let refund = self.under_way(number).ok_or(RefundError::MovedOn)?;
        refund.status = RefundStatus::Succeeded;
        let (by, reason) = (refund.by, refund.reason.clone());
        let unwinding = matches!(self.fulfilment, Fulfilment::Refunding { .. });
        let all_done = self.pending_refund().is_none();
        let next = self.next_version(now);
        let ended: (Self, EventConstructor) = match next.status {
            OrderStatus::Confirmed | OrderStatus::Shipped | OrderStatus::Delivered
                if payment.is_fully_refunded() =>
            {
                (next.with_status(OrderStatus::Refunded, by, Some(reason)), OrderEvent::Refunded)
            }
            OrderStatus::Pending | OrderStatus::AwaitingPayment if unwinding && all_done => {
                let next = Self { fulfilment: Fulfilment::Finished, ..next };
                (next.with_status(OrderStatus::Rejected, Party::System, Some(reason)), OrderEvent::Rejected)
            }
            _ if unwinding && all_done => {
                (Self { fulfilment: Fulfilment::Finished, ..next }, OrderEvent::PartiallyRefunded)
            }
            _ => (next, OrderEvent::PartiallyRefunded),
        };
        Ok(ended)
    }

    /// The gateway refused a refund for good. What a seller offered stays with the seller then; what the order owes of
    /// itself, somebody has to look after.
    pub(crate) fn refund_failed(
        mut self,
        number: u32,
        code: &DeclineCode,
        now: Timestamp,
    ) -> Result<Self, RefundError> {
        let offered = self.fulfilment == Fulfilment::Finished;
        let refund = self.under_way(number).ok_or(RefundError::MovedOn)?;
        if !offered || refund.by != Party::Seller {
            return Err(RefundError::Refused);
        }
        refund.status = RefundStatus::Failed;
        refund.failure = Some(code.clone());
        Ok(self.next_version(now))
    }

    fn under_way(&mut self, number: u32) -> Option<&mut Refund> {
        self.refunds.iter_mut().find(|refund| refund.number == number && refund.is_pending())
    }
}

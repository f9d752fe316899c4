//! Refund transitions of the order state machine.

use std::mem;

use super::transition::InvalidState;
use crate::domain::order::event::EventConstructor;
use crate::domain::order::fulfilment::Fulfilment;
use crate::domain::order::payment::refund::gateway_refund::GatewayRefund;
use crate::domain::order::payment::refund::lines::RefundLine;
use crate::domain::order::payment::refund::{Refund, RefundStatus, left_of};
use crate::domain::order::payment::{DeclineCode, GatewayId, Payment};
use crate::domain::order::{Order, OrderEvent, OrderStatus, Party, Transition};
use crate::domain::values::money::Money;
use crate::kit::system::clock::Timestamp;

/// Reason of a refund that was made at the gateway itself.
const MADE_AT_GATEWAY: &str = "refunded at the payment gateway";
/// Maximum number of attempts at a refund for which too little is left at the gateway, although the refunds that
/// it lists leave enough.
const MAX_ATTEMPTS_WITH_TOO_LITTLE_LEFT: u32 = 3;

/// Refund to request from the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DueRefund {
    /// Id of the refunded payment at the gateway.
    pub(crate) gateway_id: GatewayId,
    /// Amount to refund.
    pub(crate) amount: Money,
    /// Refunded parts of the lines; empty if the amount is to be distributed.
    pub(crate) lines: Vec<RefundLine>,
}

/// Change of a refund that the gateway reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefundChange {
    /// The gateway has accepted the refund and has not made it yet.
    Accepted,
    /// The gateway has made the refund.
    Made,
    /// The refund has failed or was withdrawn before it was made.
    Unmade,
    /// The refund has failed after it was made.
    FailedLater,
}

impl Order {
    /// First refund that must still be requested from the gateway.
    #[must_use]
    pub fn due_refund(&self) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.is_due())
    }

    /// Captured amount of a payment at the gateway; `None` if it is not recorded in the order.
    #[must_use]
    pub fn captured_by(&self, gateway_id: &GatewayId, payment: Option<&Payment>) -> Option<Money> {
        let own = payment.filter(|payment| payment.gateway_id == *gateway_id);
        // A duplicate capture is refunded in full by the first refund of its payment.
        let duplicate = || self.refunds.iter().find(|refund| refund.gateway_id == *gateway_id);
        own.map(|payment| payment.captured).or_else(|| duplicate().map(|refund| refund.amount))
    }

    /// Payment at the gateway to refund next, with its refundable amount: a duplicate capture whose refund
    /// has failed, or else the payment of the order.
    pub(crate) fn refundable(&self, payment: &Payment) -> (GatewayId, Money) {
        let duplicates = self.refunds.iter().map(|refund| &refund.gateway_id);
        let mut kept = duplicates.filter(|id| **id != payment.gateway_id).filter_map(|id| {
            let captured = self.captured_by(id, None)?;
            let refunds = self.refunds.iter().filter(|refund| refund.gateway_id == *id);
            let left = left_of(captured, refunds.filter(|refund| !refund.status.is_unmade()));
            (left.amount() > 0).then(|| (id.clone(), left))
        });
        kept.next().unwrap_or_else(|| (payment.gateway_id.clone(), payment.refundable(&self.refunds)))
    }

    /// Adds a refund of the given capture that is due, without a new version.
    pub(crate) fn with_refund_due(
        self,
        captured_by: &GatewayId,
        amount: Money,
        by: Party,
        reason: &str,
        now: Timestamp,
    ) -> Self {
        let due = DueRefund { gateway_id: captured_by.clone(), amount, lines: Vec::new() };
        self.with_refund_of_lines_due(due, by, reason, now)
    }

    /// Adds a refund of these parts of the lines that is due, without a new version.
    pub(crate) fn with_refund_of_lines_due(
        mut self,
        DueRefund { gateway_id, amount, lines }: DueRefund,
        by: Party,
        reason: &str,
        now: Timestamp,
    ) -> Self {
        self.refunds.push(Refund {
            number: self.last_refund_number().saturating_add(1),
            gateway_id,
            amount,
            lines,
            by,
            reason: reason.to_owned(),
            status: RefundStatus::Pending,
            failure: None,
            failed_after: None,
            commission: None,
            refund_id: None,
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
        let refund = self.due_mut(number, attempt)?;
        refund.attempt = refund.attempt.saturating_add(1);
        refund.decided_at = now;
        Ok(self.next_version(now))
    }

    /// Records the state of a refund at the gateway. A refund that the order does not contain was made at the
    /// gateway itself, and is added. States are recorded in one direction only, because reports may arrive in
    /// any order: open, made, failed.
    ///
    /// # Errors
    /// [`InvalidState`] if the state is already recorded, or is older than the recorded one.
    pub(crate) fn with_reported_refund(
        mut self,
        reported: &GatewayRefund,
        now: Timestamp,
    ) -> Result<(Self, RefundChange), InvalidState> {
        let position = self.position_of(reported);
        let before = position.and_then(|position| self.refunds.get(position));
        let change = change(before, reported.status)?;
        if position.is_none() {
            let by = Party::System;
            self = self.with_refund_due(&reported.payment, reported.amount, by, MADE_AT_GATEWAY, now);
        }
        let position = position.unwrap_or(self.refunds.len().saturating_sub(1));
        if let Some(refund) = self.refunds.get_mut(position) {
            refund.amount = reported.amount;
            refund.status = reported.status;
            refund.failure.clone_from(&reported.failure);
            refund.refund_id = Some(reported.id.clone());
        }
        let mut next = self.next_version(now);
        if reported.status.is_unmade() {
            return Ok((next.with_failed_refund(position), change));
        }
        // A check that is due stays due: it may be the one that follows a failure.
        if next.refund_check_at.is_none_or(|due_at| now < due_at) {
            next.refund_check_at = next.next_refund_check(now);
        }
        Ok((next, change))
    }

    /// Advances the order after a refund was accepted or made. `payment` already includes it. Returns the
    /// constructor of the event to publish.
    pub(crate) fn after_refund(
        self,
        reported: &GatewayRefund,
        change: RefundChange,
        payment: &Payment,
    ) -> (Self, EventConstructor) {
        let refund = self.refunds.iter().find(|refund| refund.refund_id.as_ref() == Some(&reported.id));
        let (by, reason) =
            refund.map_or((Party::System, None), |refund| (refund.by, Some(refund.reason.clone())));
        let made = change == RefundChange::Made;
        let event: EventConstructor = match change {
            RefundChange::Made => OrderEvent::PartiallyRefunded,
            RefundChange::Unmade | RefundChange::FailedLater => OrderEvent::RefundFailed,
            RefundChange::Accepted => OrderEvent::RefundChanged,
        };
        match self.status {
            OrderStatus::Confirmed | OrderStatus::Shipped | OrderStatus::Delivered
                if made && payment.is_fully_refunded() && !self.is_free() =>
            {
                (self.with_status(OrderStatus::Refunded, by, reason), OrderEvent::Refunded)
            }
            // After a failure, the end is a step of its own, so that both have their events.
            _ if self.may_end() && matches!(change, RefundChange::Accepted | RefundChange::Made) => {
                let (ended, end) = self.ended(reason);
                (ended, end.unwrap_or(event))
            }
            _ => (self, event),
        }
    }

    /// The order waited for its refunds only, and none must be requested any more: the order ends.
    pub(crate) fn refunds_requested(self, now: Timestamp) -> Result<(Self, EventConstructor), InvalidState> {
        if !self.may_end() {
            return Err(InvalidState);
        }
        let reason = self.refunds.last().map(|refund| refund.reason.clone());
        let (ended, event) = self.next_version(now).ended(reason);
        Ok((ended, event.unwrap_or(OrderEvent::Progressed)))
    }

    /// The gateway refused to make a refund. If it would refund less than the amount, because another part
    /// was refunded there, the refund is replaced by one of the amount that is `left`. If that part has failed
    /// meanwhile, so that the amount is left again, another attempt starts.
    pub(crate) fn refund_refused(
        mut self,
        number: u32,
        attempt: u32,
        left: Money,
        code: &DeclineCode,
        now: Timestamp,
    ) -> Result<(Self, EventConstructor), InvalidState> {
        let refund = self.due_mut(number, attempt)?;
        let is_left = refund.amount.amount() <= left.amount();
        if is_left && code.is_too_little_left() && attempt < MAX_ATTEMPTS_WITH_TOO_LITTLE_LEFT {
            return Ok((self.retry_refund(number, attempt, now)?, OrderEvent::Progressed));
        }
        refund.failure = Some(code.clone());
        if !is_left {
            refund.status = RefundStatus::Cancelled;
            if left.amount() == 0 {
                return Ok((self.next_version(now), OrderEvent::RefundChanged));
            }
            let Refund { gateway_id, by, reason, .. } = refund.clone();
            // The units of the refund are those of its replacement, also those that are back in the stock.
            let lines = mem::take(&mut refund.lines);
            let due = DueRefund { gateway_id, amount: left, lines };
            let next = self.next_version(now).with_refund_of_lines_due(due, by, &reason, now);
            return Ok((next, OrderEvent::RefundStarted));
        }
        refund.status = RefundStatus::Failed;
        let position = self.refunds.iter().position(|refund| refund.number == number).unwrap_or_default();
        Ok((self.next_version(now).with_failed_refund(position), OrderEvent::RefundFailed))
    }

    /// Amount of a payment that the gateway would still refund, according to the refunds that it has
    /// accepted.
    pub(crate) fn left_at_gateway(&self, gateway_id: &GatewayId, captured: Money) -> Money {
        let own = self.refunds.iter().filter(|refund| refund.gateway_id == *gateway_id);
        left_of(captured, own.filter(|refund| refund.counts_at_gateway()))
    }

    fn may_end(&self) -> bool {
        matches!(self.fulfilment, Fulfilment::Refunding { .. }) && self.due_refund().is_none()
    }

    /// The order without a further step. An order that was not confirmed is rejected.
    fn ended(self, reason: Option<String>) -> (Self, Option<EventConstructor>) {
        let ended = Self { fulfilment: Fulfilment::Finished, ..self };
        match ended.status {
            OrderStatus::Pending | OrderStatus::AwaitingPayment => {
                (ended.with_status(OrderStatus::Rejected, Party::System, reason), Some(OrderEvent::Rejected))
            }
            _ => (ended, None),
        }
    }

    /// Adds a failed or withdrawn refund to the timeline. The next check of the refunds is due at once: it
    /// records the money that the order keeps as a discrepancy.
    fn with_failed_refund(mut self, position: usize) -> Self {
        let last = self.last_refund_number();
        let commission = self.refunds.get(position).and_then(|refund| self.commission_of(refund));
        let Some(refund) = self.refunds.get_mut(position) else { return self };
        (refund.failed_after, refund.commission) = (Some(last), commission);
        let verb = if refund.status == RefundStatus::Cancelled { "was withdrawn" } else { "failed" };
        let (amount, currency) = (refund.amount.amount(), refund.amount.currency());
        let code = refund.failure.as_ref().map_or_else(String::new, |code| format!(": {}", code.as_str()));
        let reason = format!("refund of {amount} {} {verb}{code}", currency.as_str());
        let (status, at, by) = (self.status, self.updated_at, Party::System);
        self.timeline.push(Transition { status, at, by, reason: Some(reason) });
        self.refund_check_at = Some(at);
        self
    }

    fn last_refund_number(&self) -> u32 {
        self.refunds.iter().map(|refund| refund.number).max().unwrap_or(0)
    }

    /// Position of the refund that the gateway reports: by its id, or by its name before the id is known.
    fn position_of(&self, reported: &GatewayRefund) -> Option<usize> {
        let has_id = |refund: &Refund| refund.refund_id.as_ref() == Some(&reported.id);
        let has_name =
            |refund: &Refund| refund.refund_id.is_none() && reported.is_requested_by(&refund.intent(self.id));
        self.refunds.iter().position(has_id).or_else(|| self.refunds.iter().position(has_name))
    }

    fn due_mut(&mut self, number: u32, attempt: u32) -> Result<&mut Refund, InvalidState> {
        let mut due = self.refunds.iter_mut().filter(|refund| refund.is_due());
        due.find(|refund| refund.number == number && refund.attempt == attempt).ok_or(InvalidState)
    }
}

/// Change from the recorded refund (`None` if it is not recorded) to a status at the gateway.
#[expect(clippy::match_same_arms, reason = "each transition that is not possible has its own explanation")]
fn change(before: Option<&Refund>, reported: RefundStatus) -> Result<RefundChange, InvalidState> {
    let is_accepted = before.is_some_and(|refund| refund.refund_id.is_some());
    match (before.map(|refund| refund.status), reported) {
        // The gateway never leaves these states. Without an id, the gateway had refused the refund.
        (Some(RefundStatus::Failed | RefundStatus::Cancelled), _) if is_accepted => Err(InvalidState),
        (Some(RefundStatus::Succeeded), RefundStatus::Failed | RefundStatus::Cancelled) => {
            Ok(RefundChange::FailedLater)
        }
        (Some(RefundStatus::Succeeded), _) => Err(InvalidState),
        (Some(before), reported) if before == reported && is_accepted => Err(InvalidState),
        (Some(before), reported) if before == reported && before.is_unmade() => Err(InvalidState),
        // A refund that was made at the gateway and has failed changes nothing.
        (None, RefundStatus::Failed | RefundStatus::Cancelled) => Err(InvalidState),
        (_, RefundStatus::Pending | RefundStatus::RequiresAction) => Ok(RefundChange::Accepted),
        (_, RefundStatus::Succeeded) => Ok(RefundChange::Made),
        (_, RefundStatus::Failed | RefundStatus::Cancelled) => Ok(RefundChange::Unmade),
    }
}

//! Comparison of a gateway record with the order that it is for.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{GatewayRecord, LedgerStatus};
use crate::domain::order::fulfilment::Fulfilment;
use crate::domain::order::payment::refund::{Refund, RefundIntent, RefundStatus};
use crate::domain::order::payment::{Capture, Payment};
use crate::domain::order::{Order, OrderId, OrderStatus};
use crate::domain::values::money::Money;

/// Maximum duration of processing an order.
const MAX_PROCESSING_TIME: Duration = Duration::from_mins(1);

/// Result of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The records match, or will match when pending operations are complete.
    Matched,
    /// The capture is missing from our records.
    MissingCapture(OrderId, Capture),
    /// A refund that is pending in our records may have been made.
    MissingRefund(RefundIntent),
    /// The order has ended, but its checkout can still be paid.
    OpenCheckout,
    /// The records contradict each other and cannot be repaired automatically.
    Mismatch(MismatchKind),
}

/// Kind of a contradiction between the gateway's ledger and ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum MismatchKind {
    /// A payment was captured for an order that does not exist.
    #[error("a payment was captured for an order that does not exist")]
    NoOrder,
    /// A payment was captured whose amount or currency is not supported.
    #[error("a payment was captured whose amount or currency is not supported")]
    Unreadable,
    /// The captured amount differs from the recorded amount.
    #[error("the captured amount differs from the recorded amount")]
    Captured,
    /// The refunded amount differs from the recorded amount.
    #[error("the refunded amount differs from the recorded amount")]
    Refunded,
}

/// Compares a gateway record with the order and its payment, which must be read after the record. A refund
/// that is pending in the order is not a mismatch.
#[must_use]
pub fn compare(record: &GatewayRecord, order: Option<&Order>, payment: Option<&Payment>) -> Finding {
    // A payment without an order id belongs to another system that uses the same gateway account.
    let Some(order_id) = record.order_id else { return Finding::Matched };
    match (record.status, order) {
        (LedgerStatus::Unreadable, _) => Finding::Mismatch(MismatchKind::Unreadable),
        (LedgerStatus::Captured { .. }, None) => Finding::Mismatch(MismatchKind::NoOrder),
        (LedgerStatus::Open, Some(order)) if has_ended_unfulfilled(order) => Finding::OpenCheckout,
        (LedgerStatus::Closed | LedgerStatus::Open, _) => Finding::Matched,
        (LedgerStatus::Captured { amount, refunded }, Some(order)) => {
            match recorded_capture(record, order, payment) {
                None => Finding::MissingCapture(
                    order_id,
                    Capture { gateway_id: record.gateway_id.clone(), amount },
                ),
                Some(recorded) if recorded != amount => Finding::Mismatch(MismatchKind::Captured),
                Some(_) => compare_refunds(record, order, refunded),
            }
        }
    }
}

/// Returns true if the order was cancelled, expired or rejected and its fulfilment is finished.
fn has_ended_unfulfilled(order: &Order) -> bool {
    let unfulfilled =
        matches!(order.status, OrderStatus::Cancelled | OrderStatus::Expired | OrderStatus::Rejected);
    unfulfilled && order.fulfilment == Fulfilment::Finished
}

/// Captured amount according to our records: of the order's payment, or of a duplicate capture that is
/// refunded.
pub(super) fn recorded_capture(
    record: &GatewayRecord,
    order: &Order,
    payment: Option<&Payment>,
) -> Option<Money> {
    let paid = payment.filter(|payment| payment.gateway_id == record.gateway_id);
    paid.map(|payment| payment.captured).or_else(|| refunds(record, order).next().map(|refund| refund.amount))
}

/// Refunded amount of the capture in minor units, according to the order.
pub(super) fn recorded_refunds(record: &GatewayRecord, order: &Order) -> i64 {
    let succeeded = refunds(record, order).filter(|refund| refund.status == RefundStatus::Succeeded);
    succeeded.map(|refund| refund.amount.amount()).sum()
}

fn compare_refunds(record: &GatewayRecord, order: &Order, refunded: i64) -> Finding {
    let recorded = recorded_refunds(record, order);
    match refunds(record, order).find(|refund| refund.is_pending()) {
        Some(pending) if refunded > recorded => Finding::MissingRefund(pending.intent(order.id)),
        None if refunded != recorded && is_stable(record, order) => Finding::Mismatch(MismatchKind::Refunded),
        _ => Finding::Matched,
    }
}

/// Returns true if the order has not changed between reading the record and reading the order. `updated_at`
/// is the time at which processing began, which precedes the commit by up to [`MAX_PROCESSING_TIME`].
fn is_stable(record: &GatewayRecord, order: &Order) -> bool {
    order.updated_at.saturating_add(MAX_PROCESSING_TIME) < record.read_at
}

fn refunds<'a>(record: &'a GatewayRecord, order: &'a Order) -> impl Iterator<Item = &'a Refund> {
    order.refunds.iter().filter(|refund| refund.gateway_id == record.gateway_id)
}

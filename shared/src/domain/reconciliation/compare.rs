//! One entry of the gateway's books against the order that it is for.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{GatewayRecord, LedgerStatus};
use crate::domain::order::fulfilment::Fulfilment;
use crate::domain::order::{Order, OrderId, OrderStatus};
use crate::domain::payment::{Capture, Payment};
use crate::domain::refund::{Refund, RefundIntent, RefundStatus};
use crate::domain::values::money::Money;

/// No work on an order takes longer.
const LONGEST_WORK: Duration = Duration::from_mins(1);

/// What comes of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The books agree, or will when what is under way is through.
    Matched,
    /// The order has not heard of the money.
    MissingCapture(OrderId, Capture),
    /// Money of a refund that the order believes to be under way may have gone back.
    MissingRefund(RefundIntent),
    /// The order is over, and what it was to be paid with can still be paid.
    OpenCheckout,
    /// Nobody can say by rule what is right.
    Mismatch(MismatchKind),
}

/// How books differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum MismatchKind {
    /// The money is for an order that there is not.
    #[error("money was captured for an order that there is not")]
    NoOrder,
    /// Money of no amount or currency that we can hold.
    #[error("money was captured of no amount or currency that can be held")]
    Unreadable,
    /// Another amount was captured.
    #[error("another amount was captured than is on record")]
    Captured,
    /// Another amount went back.
    #[error("another amount went back than is on record")]
    Refunded,
}

/// Compares. The order and its payment are as they are after the entry was read: what is under way by then is not over.
#[must_use]
pub fn compare(entry: &GatewayRecord, order: Option<&Order>, payment: Option<&Payment>) -> Finding {
    // Somebody else may use the same account.
    let Some(order_id) = entry.order_id else { return Finding::Matched };
    match (entry.standing, order) {
        (LedgerStatus::Unreadable, _) => Finding::Mismatch(MismatchKind::Unreadable),
        (LedgerStatus::Captured { .. }, None) => Finding::Mismatch(MismatchKind::NoOrder),
        (LedgerStatus::Open, Some(order)) if is_over(order) => Finding::OpenCheckout,
        (LedgerStatus::Closed | LedgerStatus::Open, _) => Finding::Matched,
        (LedgerStatus::Captured { amount, refunded }, Some(order)) => match known(entry, order, payment) {
            None => {
                Finding::MissingCapture(order_id, Capture { gateway_id: entry.gateway_id.clone(), amount })
            }
            Some(recorded) if recorded != amount => Finding::Mismatch(MismatchKind::Captured),
            Some(_) => compare_refunds(entry, order, refunded),
        },
    }
}

/// Whether nobody is to pay for the order any more.
fn is_over(order: &Order) -> bool {
    let called_off =
        matches!(order.status, OrderStatus::Cancelled | OrderStatus::Expired | OrderStatus::Rejected);
    called_off && order.fulfilment == Fulfilment::Finished
}

/// What is on record of the entry's capture: as the order's payment, or as a further one that went back at once.
pub(super) fn known(entry: &GatewayRecord, order: &Order, payment: Option<&Payment>) -> Option<Money> {
    let paid = payment.filter(|payment| payment.gateway_id == entry.gateway_id);
    paid.map(|payment| payment.captured).or_else(|| refunds(entry, order).next().map(|refund| refund.amount))
}

/// How many minor units of the entry's capture went back, as far as the order knows.
pub(super) fn given_back(entry: &GatewayRecord, order: &Order) -> i64 {
    let succeeded = refunds(entry, order).filter(|refund| refund.status == RefundStatus::Succeeded);
    succeeded.map(|refund| refund.amount.amount()).sum()
}

fn compare_refunds(entry: &GatewayRecord, order: &Order, refunded: i64) -> Finding {
    let recorded = given_back(entry, order);
    match refunds(entry, order).find(|refund| refund.is_pending()) {
        Some(pending) if refunded > recorded => Finding::MissingRefund(pending.intent(order.id)),
        None if refunded != recorded && is_stable(entry, order) => Finding::Mismatch(MismatchKind::Refunded),
        _ => Finding::Matched,
    }
}

/// Whether nothing came between reading the entry and reading the order. An order's time of change is when the work on it
/// began, which may be as long before the commit as that work takes.
fn is_stable(entry: &GatewayRecord, order: &Order) -> bool {
    order.updated_at.saturating_add(LONGEST_WORK) < entry.read_at
}

fn refunds<'a>(entry: &'a GatewayRecord, order: &'a Order) -> impl Iterator<Item = &'a Refund> {
    order.refunds.iter().filter(|refund| refund.gateway_id == entry.gateway_id)
}

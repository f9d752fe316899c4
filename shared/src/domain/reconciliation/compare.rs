//! One entry of the gateway's books against the order that it is for.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Entry, Standing};
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
    Agrees,
    /// The order has not heard of the money.
    Unheard(OrderId, Capture),
    /// Money of a refund that the order believes to be under way may have gone back.
    Unsettled(RefundIntent),
    /// The order is over, and what it was to be paid with can still be paid.
    Payable,
    /// Nobody can say by rule what is right.
    Differs(Difference),
}

/// How books differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Difference {
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
pub fn compare(entry: &Entry, order: Option<&Order>, payment: Option<&Payment>) -> Finding {
    // Somebody else may use the same account.
    let Some(order_id) = entry.order_id else { return Finding::Agrees };
    match (entry.standing, order) {
        (Standing::Unreadable, _) => Finding::Differs(Difference::Unreadable),
        (Standing::Captured { .. }, None) => Finding::Differs(Difference::NoOrder),
        (Standing::Open, Some(order)) if is_over(order) => Finding::Payable,
        (Standing::Idle | Standing::Open, _) => Finding::Agrees,
        (Standing::Captured { amount, refunded }, Some(order)) => match known(entry, order, payment) {
            None => Finding::Unheard(order_id, Capture { gateway_id: entry.gateway_id.clone(), amount }),
            Some(recorded) if recorded != amount => Finding::Differs(Difference::Captured),
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
pub(super) fn known(entry: &Entry, order: &Order, payment: Option<&Payment>) -> Option<Money> {
    let paid = payment.filter(|payment| payment.gateway_id == entry.gateway_id);
    paid.map(|payment| payment.captured).or_else(|| refunds(entry, order).next().map(|refund| refund.amount))
}

/// How many minor units of the entry's capture went back, as far as the order knows.
pub(super) fn given_back(entry: &Entry, order: &Order) -> i64 {
    let succeeded = refunds(entry, order).filter(|refund| refund.status == RefundStatus::Succeeded);
    succeeded.map(|refund| refund.amount.amount()).sum()
}

fn compare_refunds(entry: &Entry, order: &Order, refunded: i64) -> Finding {
    let recorded = given_back(entry, order);
    match refunds(entry, order).find(|refund| refund.is_pending()) {
        Some(pending) if refunded > recorded => Finding::Unsettled(pending.intent(order.id)),
        None if refunded != recorded && is_quiet(entry, order) => Finding::Differs(Difference::Refunded),
        _ => Finding::Agrees,
    }
}

/// Whether nothing came between reading the entry and reading the order. An order's time of change is when the work on it
/// began, which may be as long before the commit as that work takes.
fn is_quiet(entry: &Entry, order: &Order) -> bool {
    order.updated_at.plus(LONGEST_WORK) < entry.read_at
}

fn refunds<'a>(entry: &'a Entry, order: &'a Order) -> impl Iterator<Item = &'a Refund> {
    order.refunds.iter().filter(|refund| refund.gateway_id == entry.gateway_id)
}

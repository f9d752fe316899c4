//! Comparison of a gateway record with the order that it is for.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{GatewayRecord, LedgerStatus};
use crate::domain::order::fulfilment::Fulfilment;
use crate::domain::order::payment::refund::{Refund, RefundStatus};
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
    /// The refunded amount differs from our records. The refunds must be read from the gateway.
    RefundsDiffer(OrderId),
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
    /// A payment was captured, but our record of the order or of its payment is damaged.
    #[error("a payment was captured, but our record of the order or of its payment is damaged")]
    DamagedRecord,
    /// A refund failed, and its amount has not been refunded since.
    #[error("a refund failed, and its amount has not been refunded since")]
    RefundFailed,
}

/// Compares a gateway record with the order and its payment, which must be read after the record. A refund
/// that the order has not requested yet is not a mismatch.
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
                Some(_) => compare_refunds(record, order, payment, (amount, refunded)),
            }
        }
    }
}

/// Result of the comparison with an order or a payment that cannot be parsed. If money was captured, an
/// operator must repair the item.
#[must_use]
pub const fn compare_damaged(record: &GatewayRecord) -> Finding {
    match record.status {
        LedgerStatus::Captured { .. } | LedgerStatus::Unreadable => {
            Finding::Mismatch(MismatchKind::DamagedRecord)
        }
        LedgerStatus::Open | LedgerStatus::Closed => Finding::Matched,
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
    order.captured_by(&record.gateway_id, payment)
}

/// Refunded amount of the capture in minor units, according to the order. Like the gateway's, it includes
/// refunds that the gateway has accepted and not made yet.
pub(super) fn recorded_refunds(record: &GatewayRecord, order: &Order) -> i64 {
    let counted = refunds(record, order).filter(|refund| refund.counts_at_gateway());
    counted.map(|refund| refund.amount.amount()).sum()
}

fn compare_refunds(
    record: &GatewayRecord,
    order: &Order,
    payment: Option<&Payment>,
    (captured, refunded): (Money, i64),
) -> Finding {
    let recorded = recorded_refunds(record, order);
    let may_be_made = refunds(record, order).any(Refund::is_due) && refunded > recorded;
    if refunded != recorded {
        let differs = may_be_made || is_stable(record, order);
        return if differs { Finding::RefundsDiffer(order.id) } else { Finding::Matched };
    }
    if keeps_failed_refund(record, order, payment, captured.amount() - refunded) {
        return Finding::Mismatch(MismatchKind::RefundFailed);
    }
    Finding::Matched
}

/// Returns true if a refund has failed after the gateway had accepted it, and no later one replaces it, or if
/// money is `left` of a payment that must be refunded in full.
fn keeps_failed_refund(record: &GatewayRecord, order: &Order, payment: Option<&Payment>, left: i64) -> bool {
    let is_replaced = |failed: &Refund| {
        let failed_after = failed.failed_after.unwrap_or(failed.number);
        refunds(record, order).any(|other| other.number > failed_after && !other.status.is_unmade())
    };
    let failed_later = refunds(record, order)
        .filter(|refund| refund.status == RefundStatus::Failed && refund.refund_id.is_some())
        .any(|failed| !is_replaced(failed));
    let is_duplicate = payment.is_some_and(|payment| payment.gateway_id != record.gateway_id);
    let has_ended = has_ended_unfulfilled(order) || order.status == OrderStatus::Refunded;
    let is_due_in_full = has_ended || is_duplicate || order.is_free();
    let is_open = refunds(record, order).any(Refund::is_open);
    failed_later || (is_due_in_full && !is_open && left > 0)
}

/// Returns true if the order has not changed between reading the record and reading the order. `updated_at`
/// is the time at which processing began, which precedes the commit by up to [`MAX_PROCESSING_TIME`].
fn is_stable(record: &GatewayRecord, order: &Order) -> bool {
    order.updated_at.saturating_add(MAX_PROCESSING_TIME) < record.read_at
}

fn refunds<'a>(record: &'a GatewayRecord, order: &'a Order) -> impl Iterator<Item = &'a Refund> {
    order.refunds.iter().filter(|refund| refund.gateway_id == record.gateway_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order::Party;
    use crate::domain::order::payment::GatewayId;
    use crate::domain::order::tests::{confirmed, placed};
    use crate::domain::tests::{at, euros};

    fn record(status: LedgerStatus, millis: i64) -> GatewayRecord {
        let gateway_id = GatewayId("pi_1".to_owned());
        GatewayRecord { gateway_id, order_id: Some(placed(None).id), status, read_at: at(millis) }
    }

    fn captured(amount: i64, refunded: i64) -> LedgerStatus {
        LedgerStatus::Captured { amount: euros(amount), refunded }
    }

    #[test]
    fn only_payments_of_our_orders_are_compared() {
        let foreign = GatewayRecord { order_id: None, ..record(captured(1, 0), 0) };
        assert_eq!(compare(&foreign, None, None), Finding::Matched);
        let unknown = compare(&record(captured(1, 0), 0), None, None);
        assert_eq!(unknown, Finding::Mismatch(MismatchKind::NoOrder));
        for status in [LedgerStatus::Open, LedgerStatus::Closed] {
            assert_eq!(compare(&record(status, 0), None, None), Finding::Matched);
        }
        let unreadable = record(LedgerStatus::Unreadable, 0);
        for order in [None, Some(placed(None))] {
            let found = compare(&unreadable, order.as_ref(), None);
            assert_eq!(found, Finding::Mismatch(MismatchKind::Unreadable));
        }
    }

    #[test]
    fn checkout_of_an_ended_unpaid_order_is_closed() {
        let (open, closed) = (record(LedgerStatus::Open, 0), record(LedgerStatus::Closed, 0));
        let (paid, payment) = confirmed();
        let order = |status, fulfilment| Order { status, fulfilment, ..placed(None) };
        let stock_position = paid.stock_position();
        let refunding = order(OrderStatus::Cancelled, Fulfilment::Refunding { stock_position });
        for order in [placed(None), paid.clone(), refunding] {
            assert_eq!(compare(&open, Some(&order), None), Finding::Matched, "{order:?}");
        }
        for status in [OrderStatus::Cancelled, OrderStatus::Expired, OrderStatus::Rejected] {
            let ended = order(status, Fulfilment::Finished);
            assert_eq!(compare(&open, Some(&ended), None), Finding::OpenCheckout);
            assert_eq!(compare(&closed, Some(&ended), None), Finding::Matched);
        }
        assert_eq!(compare(&closed, Some(&paid), Some(&payment)), Finding::Matched);
    }

    #[test]
    fn missing_or_different_capture_is_found() {
        let (order, payment) = confirmed();
        let found = |amount, payment| compare(&record(captured(amount, 0), 0), Some(&order), payment);
        assert_eq!(found(3_998, Some(&payment)), Finding::Matched);
        assert_eq!(found(3_997, Some(&payment)), Finding::Mismatch(MismatchKind::Captured));
        let capture = Capture { gateway_id: payment.gateway_id.clone(), amount: euros(3_998) };
        assert_eq!(found(3_998, None), Finding::MissingCapture(order.id, capture.clone()));
        let other = Payment { gateway_id: GatewayId("pi_2".to_owned()), ..payment };
        assert_eq!(found(3_998, Some(&other)), Finding::MissingCapture(order.id, capture));
    }

    #[test]
    fn unknown_refund_is_found_once_processing_has_ended() {
        let (order, payment) = confirmed();
        let found = |refunded, millis| {
            compare(&record(captured(3_998, refunded), millis), Some(&order), Some(&payment))
        };
        assert_eq!(found(1, 60_000), Finding::Matched, "the order may have changed meanwhile");
        assert_eq!(found(1, 60_001), Finding::RefundsDiffer(order.id));
        assert_eq!(found(0, 60_001), Finding::Matched);
    }

    #[test]
    fn refunds_count_once_the_gateway_has_accepted_them() {
        let (order, payment) = confirmed();
        let mut order = [5, 7].into_iter().fold(order, |order, amount| {
            order.with_refund_due(&payment.gateway_id, euros(amount), Party::Seller, "cracked", at(0))
        });
        order.refunds[0].status = RefundStatus::Succeeded;
        let found = |order: &Order, refunded, millis| {
            compare(&record(captured(3_998, refunded), millis), Some(order), Some(&payment))
        };
        assert_eq!(found(&order, 5, 60_001), Finding::Matched);
        assert_eq!(found(&order, 4, 60_000), Finding::Matched);
        for millis in [0, 60_001] {
            assert_eq!(found(&order, 12, millis), Finding::RefundsDiffer(order.id), "it may have been made");
        }
        order.refunds[1].refund_id = Some(GatewayId("re_2".to_owned()));
        assert_eq!(found(&order, 12, 60_001), Finding::Matched, "a pending refund counts at the gateway");
        assert_eq!(found(&order, 5, 60_001), Finding::RefundsDiffer(order.id));
    }

    #[test]
    fn failed_refund_is_a_mismatch_until_it_is_replaced() {
        let (order, payment) = confirmed();
        let refund_due = |order: Order| {
            order.with_refund_due(&payment.gateway_id, euros(5), Party::Seller, "cracked", at(0))
        };
        let found = |order: &Order, refunded| {
            compare(&record(captured(3_998, refunded), 60_001), Some(order), Some(&payment))
        };
        let mut failed = refund_due(order);
        failed.refunds[0].status = RefundStatus::Failed;
        assert_eq!(found(&failed, 0), Finding::Matched, "the gateway refused a refund of the seller");
        failed.refunds[0].refund_id = Some(GatewayId("re_1".to_owned()));
        assert_eq!(found(&failed, 0), Finding::Mismatch(MismatchKind::RefundFailed));
        let mut replaced = refund_due(failed.clone());
        assert_eq!(found(&replaced, 0), Finding::Matched);
        replaced.refunds[1].status = RefundStatus::Succeeded;
        assert_eq!(found(&replaced, 5), Finding::Matched);
        let ended = Order { status: OrderStatus::Refunded, ..replaced };
        assert_eq!(found(&ended, 5), Finding::Mismatch(MismatchKind::RefundFailed), "it keeps money");
    }

    #[test]
    fn refund_before_a_failure_does_not_replace_it() {
        let (order, payment) = confirmed();
        let mut order = [5, 7, 5].into_iter().fold(order, |order, amount| {
            order.with_refund_due(&payment.gateway_id, euros(amount), Party::Seller, "cracked", at(0))
        });
        let last = order.refunds.pop();
        for (refund, status) in order.refunds.iter_mut().zip([RefundStatus::Failed, RefundStatus::Succeeded])
        {
            refund.status = status;
            refund.refund_id = Some(GatewayId(format!("re_{}", refund.number)));
        }
        order.refunds[0].failed_after = Some(2);
        let found = |order: &Order| compare(&record(captured(3_998, 7), 60_001), Some(order), Some(&payment));
        assert_eq!(found(&order), Finding::Mismatch(MismatchKind::RefundFailed));
        order.refunds.extend(last);
        assert_eq!(found(&order), Finding::Matched, "a later refund is due");
        order.refunds[2].status = RefundStatus::Failed;
        let refused = found(&order);
        assert_eq!(
            refused,
            Finding::Mismatch(MismatchKind::RefundFailed),
            "the gateway refused the later one"
        );
    }

    #[test]
    fn duplicate_payment_is_a_mismatch_until_refunded_in_full() {
        let (order, payment) = confirmed();
        let duplicate = record(captured(700, 0), 60_001);
        let mut order =
            order.with_refund_due(&duplicate.gateway_id, euros(700), Party::System, "duplicate", at(0));
        let payment = Payment { gateway_id: GatewayId("pi_own".to_owned()), ..payment };
        assert_eq!(compare(&duplicate, Some(&order), Some(&payment)), Finding::Matched);
        order.refunds[0].status = RefundStatus::Failed;
        let kept = compare(&duplicate, Some(&order), Some(&payment));
        assert_eq!(kept, Finding::Mismatch(MismatchKind::RefundFailed));
    }
}

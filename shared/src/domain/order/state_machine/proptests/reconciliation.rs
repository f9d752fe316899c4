//! Property test of reconciliation: after any sequence of transitions, matching records match, and each
//! deviation of the gateway's record is found.

use std::time::Duration;

use proptest::prelude::*;

use super::{OrderAndPayment, World, actions, euros, orders};
use crate::domain::order::Order;
use crate::domain::order::payment::{GatewayId, Payment};
use crate::domain::reconciliation::compare::{Finding, MismatchKind, compare};
use crate::domain::reconciliation::{GatewayRecord, LedgerStatus};
use crate::domain::values::money::Money;

/// Gateway's record of a payment of the order, read after the last change of the order.
fn record(order: &Order, gateway_id: &GatewayId, amount: Money, refunded: i64) -> GatewayRecord {
    GatewayRecord {
        gateway_id: gateway_id.clone(),
        order_id: Some(order.id),
        status: LedgerStatus::Captured { amount, refunded },
        read_at: order.updated_at.saturating_add(Duration::from_mins(5)),
    }
}

fn check((order, payment): &OrderAndPayment) {
    let Some(order) = order else { return };
    let compared = |record: &GatewayRecord| compare(record, Some(order), payment.as_ref());
    let unknown = record(order, &GatewayId("pi_unknown".to_owned()), order.total, 0);
    assert!(matches!(compared(&unknown), Finding::MissingCapture(id, _) if id == order.id), "{order:?}");
    let Some(Payment { gateway_id, captured, refunded, .. }) = payment else { return };
    let refunded_amount = refunded.amount();
    assert_eq!(
        compared(&record(order, gateway_id, *captured, refunded_amount)),
        Finding::Matched,
        "{order:?}"
    );
    let more = euros(captured.amount() + 1);
    assert_eq!(
        compared(&record(order, gateway_id, more, refunded_amount)),
        Finding::Mismatch(MismatchKind::Captured)
    );

    let mut own = order.refunds.iter().filter(|refund| refund.gateway_id == *gateway_id);
    let pending_refund = own.find(|refund| refund.is_pending());
    let (when_refunded_more, when_refunded_less) = match pending_refund {
        Some(pending) => (Finding::MissingRefund(pending.intent(order.id)), Finding::Matched),
        None => (Finding::Mismatch(MismatchKind::Refunded), Finding::Mismatch(MismatchKind::Refunded)),
    };
    assert_eq!(compared(&record(order, gateway_id, *captured, refunded_amount + 1)), when_refunded_more);
    if refunded_amount > 0 {
        assert_eq!(compared(&record(order, gateway_id, *captured, refunded_amount - 1)), when_refunded_less);
    }
    let fresh = GatewayRecord {
        read_at: order.updated_at,
        ..record(order, gateway_id, *captured, refunded_amount + 1)
    };
    if pending_refund.is_none() {
        assert_eq!(
            compared(&fresh),
            Finding::Matched,
            "the order may have changed after the record was read"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn only_matching_gateway_records_match(
        order in orders(),
        actions in actions(),
    ) {
        let mut world = World::new(order);
        for action in actions {
            world.apply_action(action);
            check(&world.state);
        }
    }
}

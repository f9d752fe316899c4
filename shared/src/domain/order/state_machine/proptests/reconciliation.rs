//! Property test of reconciliation: after any sequence of transitions, matching records match, and each
//! deviation of the gateway's record is found.

use std::time::Duration;

use proptest::prelude::*;

use super::world::World;
use super::{actions, orders};
use crate::domain::ledger::reconciliation::compare::{Finding, MismatchKind, compare};
use crate::domain::ledger::reconciliation::{GatewayRecord, LedgerStatus};
use crate::domain::order::Order;
use crate::domain::order::fulfilment::advance::OrderAndPayment;
use crate::domain::order::payment::refund::{Refund, RefundStatus};
use crate::domain::order::payment::{GatewayId, Payment};
use crate::domain::tests::euros;
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
    let unknown = record(order, &GatewayId("pi_unknown".to_owned()), order.total(), 0);
    assert!(matches!(compared(&unknown), Finding::MissingCapture(id, _) if id == order.id), "{order:?}");
    let Some(Payment { gateway_id, captured, .. }) = payment else { return };
    let own = || order.refunds.iter().filter(|refund| refund.gateway_id == *gateway_id);
    let counted = own().filter(|refund| refund.counts_at_gateway());
    let refunded = counted.map(|refund| refund.amount.amount()).sum::<i64>();
    let failed = own().any(|refund| refund.status == RefundStatus::Failed);
    match compared(&record(order, gateway_id, *captured, refunded)) {
        Finding::Matched => {}
        found => assert!(failed && found == Finding::Mismatch(MismatchKind::RefundFailed), "{order:?}"),
    }
    let more = euros(captured.amount() + 1);
    assert_eq!(
        compared(&record(order, gateway_id, more, refunded)),
        Finding::Mismatch(MismatchKind::Captured)
    );
    let differs = Finding::RefundsDiffer(order.id);
    assert_eq!(compared(&record(order, gateway_id, *captured, refunded + 1)), differs);
    if refunded > 0 {
        assert_eq!(compared(&record(order, gateway_id, *captured, refunded - 1)), differs);
    }
    let fresh =
        GatewayRecord { read_at: order.updated_at, ..record(order, gateway_id, *captured, refunded + 1) };
    if !own().any(Refund::is_due) {
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

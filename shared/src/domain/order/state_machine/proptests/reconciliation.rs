//! Whatever way an order has taken: books that say the same agree, and each thing that they can say otherwise is found.

use std::time::Duration;

use proptest::prelude::*;

use super::{NOW, OrderAndPayment, Stock, Timestamp, World, acts, euros, placed};
use crate::domain::order::Order;
use crate::domain::payment::{GatewayId, Payment};
use crate::domain::reconciliation::compare::{Finding, MismatchKind, compare};
use crate::domain::reconciliation::{GatewayRecord, LedgerStatus};
use crate::domain::values::money::Money;

/// What the gateway says of a payment of the order's, long after anything happened.
fn entry(order: &Order, gateway_id: &GatewayId, amount: Money, refunded: i64) -> GatewayRecord {
    GatewayRecord {
        gateway_id: gateway_id.clone(),
        order_id: Some(order.id),
        standing: LedgerStatus::Captured { amount, refunded },
        read_at: order.updated_at.saturating_add(Duration::from_mins(5)),
    }
}

fn check((order, payment): &OrderAndPayment) {
    let Some(order) = order else { return };
    let found = |entry: &GatewayRecord| compare(entry, Some(order), payment.as_ref());
    let unknown = entry(order, &GatewayId("pi_unknown".to_owned()), order.total, 0);
    assert!(matches!(found(&unknown), Finding::MissingCapture(id, _) if id == order.id), "{order:?}");
    let Some(Payment { gateway_id, captured, refunded, .. }) = payment else { return };
    let back = refunded.amount();
    assert_eq!(found(&entry(order, gateway_id, *captured, back)), Finding::Matched, "{order:?}");
    let more = euros(captured.amount() + 1);
    assert_eq!(found(&entry(order, gateway_id, more, back)), Finding::Mismatch(MismatchKind::Captured));

    let mut own = order.refunds.iter().filter(|refund| refund.gateway_id == *gateway_id);
    let under_way = own.find(|refund| refund.is_pending());
    let (less_is_left, more_is_left) = match under_way {
        Some(pending) => (Finding::MissingRefund(pending.intent(order.id)), Finding::Matched),
        None => (Finding::Mismatch(MismatchKind::Refunded), Finding::Mismatch(MismatchKind::Refunded)),
    };
    assert_eq!(found(&entry(order, gateway_id, *captured, back + 1)), less_is_left);
    if back > 0 {
        assert_eq!(found(&entry(order, gateway_id, *captured, back - 1)), more_is_left);
    }
    let fresh = GatewayRecord { read_at: order.updated_at, ..entry(order, gateway_id, *captured, back + 1) };
    if under_way.is_none() {
        assert_eq!(found(&fresh), Finding::Matched, "the order may have changed since the books were read");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn books_agree_with_every_order_that_they_agree_with_and_with_no_other(
        charged in any::<bool>(),
        acts in acts(),
    ) {
        let order = placed(charged.then_some("pm_card_visa"));
        let stock = Stock { available: 5, ..Stock::default() };
        let mut world = World { state: (Some(order), None), stock, now: Timestamp::from_millis(NOW) };
        for act in acts {
            world.act(act);
            check(&world.state);
        }
    }
}

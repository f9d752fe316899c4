//! Refunds that are pending, fail later, or are made at the gateway itself, with the payment sandbox.

use serde_json::json;
use shared::domain::order::fulfilment::Fulfilment;
use shared::domain::order::payment::refund::RefundStatus;
use stripe_sandbox::{DroppedResponse, Effect, Operation, Rule};
use test_support::fixture::{ORDER, id, stock};

use super::{Fixture, created};

impl Fixture {
    /// Fixture with an order of 39.98 EUR that was paid with this card.
    async fn paid_with(method: &str) -> Self {
        let fixture = Self::open().await;
        fixture.marketplace.order(Some(method)).await;
        assert!(fixture.handle(&created()).await.is_success());
        assert_eq!(fixture.status().await, "confirmed");
        fixture
    }

    /// Amount and status of each refund.
    async fn refund_states(&self) -> Vec<(i64, RefundStatus)> {
        let order = self.marketplace.stored_order(id(ORDER)).await;
        order.refunds.iter().map(|refund| (refund.amount.amount(), refund.status)).collect()
    }
}

#[tokio::test]
async fn cancelled_order_is_refunded_after_a_refund_in_the_dashboard() {
    let fixture = Fixture::paid_with("pm_card_visa").await;
    fixture.marketplace.refund_in_dashboard(500).await;
    fixture.cancel().await;
    let result = fixture.handle(&created()).await;
    assert!(result.is_success(), "{result:?}");
    let (made, withdrawn) = (RefundStatus::Succeeded, RefundStatus::Cancelled);
    assert_eq!(fixture.refund_states().await, [(3_998, withdrawn), (500, made), (3_498, made)]);
    assert_eq!(fixture.money(), (1, 0));
    let order = fixture.marketplace.stored_order(id(ORDER)).await;
    assert_eq!((fixture.status().await.as_str(), order.fulfilment), ("cancelled", Fulfilment::Finished));
    assert_eq!(fixture.marketplace.stock().await, stock(10, 0, 0));
}

#[tokio::test]
async fn order_refunded_in_full_in_the_dashboard_is_cancelled() {
    let fixture = Fixture::paid_with("pm_card_visa").await;
    fixture.marketplace.refund_in_dashboard(3_998).await;
    fixture.cancel().await;
    let result = fixture.handle(&created()).await;
    assert!(result.is_success(), "{result:?}");
    let states = [(3_998, RefundStatus::Cancelled), (3_998, RefundStatus::Succeeded)];
    assert_eq!(fixture.refund_states().await, states);
    assert_eq!(fixture.money(), (1, 0));
    assert_eq!(fixture.marketplace.stored_order(id(ORDER)).await.fulfilment, Fulfilment::Finished);
    assert_eq!(fixture.marketplace.stock().await, stock(10, 0, 0));
}

#[tokio::test]
async fn pending_refund_is_pending_until_the_gateway_makes_it() {
    let fixture = Fixture::paid_with("pm_card_pendingRefund").await;
    fixture.marketplace.refund_by_seller(None).await;
    assert!(fixture.handle(&created()).await.is_success());
    assert_eq!(fixture.refund_states().await, [(3_998, RefundStatus::Pending)]);
    assert_eq!(fixture.status().await, "confirmed");
    assert!(fixture.handle(&created()).await.is_success());
    assert_eq!(fixture.marketplace.table.stack().payments().ledger().refunds_of(ORDER).len(), 1);
}

#[tokio::test]
async fn cancelled_order_ends_while_its_refund_is_pending() {
    let fixture = Fixture::paid_with("pm_card_pendingRefund").await;
    fixture.cancel().await;
    assert!(fixture.handle(&created()).await.is_success());
    let order = fixture.marketplace.stored_order(id(ORDER)).await;
    assert_eq!((json!(order.status), order.fulfilment), (json!("cancelled"), Fulfilment::Finished));
    assert_eq!(fixture.refund_states().await, [(3_998, RefundStatus::Pending)]);
    assert_eq!(fixture.marketplace.stock().await, stock(10, 0, 0));
}

/// The response is lost, and the refund fails before the request is repeated with the same idempotency key.
#[tokio::test]
async fn replayed_response_is_not_the_present_state() {
    let fixture = Fixture::paid_with("pm_card_refundFail").await;
    fixture.marketplace.refund_by_seller(None).await;
    let payments = fixture.marketplace.table.stack().payments();
    let effect = Effect::ChargeAndDropResponse { answer: DroppedResponse::Close };
    payments.add_fault_rule(Rule::on(Operation::Refund, effect));
    assert_eq!(fixture.handle(&created()).await.retried(), ["m1"]);
    assert_eq!(fixture.refund_states().await, [(3_998, RefundStatus::Pending)]);
    payments.clear_fault_rules();
    fixture.marketplace.settle_refund().await;
    assert!(fixture.handle(&created()).await.is_success());
    assert_eq!(fixture.refund_states().await, [(3_998, RefundStatus::Failed)]);
    assert_eq!((fixture.status().await.as_str(), fixture.money()), ("confirmed", (1, 3_998)));
}

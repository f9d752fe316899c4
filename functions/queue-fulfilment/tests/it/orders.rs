//! Order sagas with the payment sandbox.

use serde_json::json;
use shared::domain::order::fulfilment::Fulfilment;
use shared::domain::order::{Order, Party};
use shared::domain::product::Product;
use shared::payment_gateway::GatewayError;
use shared::repository::product::ProductReader;
use stripe_sandbox::{Effect, Operation, Rule};
use test_support::fixture::{MARKET, ORDER, PRODUCT, id, new_id, seller, stock};
use test_support::queue_function;

use super::{Fixture, created, message};
use crate::scripted_gateway::{ScriptedAnswer, ScriptedGateway};

/// The statuses in the timeline of an order.
fn statuses(order: &Order) -> Vec<String> {
    order.timeline.iter().map(|entry| json!(entry.status).as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn order_is_reserved_charged_and_confirmed() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(Some("pm_card_visa")).await;
    assert!(fixture.handle(&created()).await.is_success());
    let order = fixture.marketplace.stored_order(id(ORDER)).await;
    assert_eq!(statuses(&order), ["pending", "awaiting_payment", "confirmed"]);
    assert_eq!(order.fulfilment, Fulfilment::Finished);
    assert!(order.payment_id.is_some());
    assert_eq!(fixture.money(), (1, 3_998));
    assert_eq!(fixture.marketplace.stock().await, stock(8, 0, 2));
}

#[tokio::test]
async fn redelivered_message_changes_nothing() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(Some("pm_card_visa")).await;
    fixture.handle(&created()).await;
    let confirmed = fixture.marketplace.stored_order(id(ORDER)).await;
    let twice = json!({ "Records": [message("m1", ORDER, 2), message("m2", ORDER, 1)] });
    assert!(fixture.handle(&twice).await.is_success());
    assert_eq!(fixture.marketplace.stored_order(id(ORDER)).await, confirmed);
    assert_eq!(fixture.money(), (1, 3_998));
    assert_eq!(fixture.marketplace.stock().await, stock(8, 0, 2));
}

#[tokio::test]
async fn concurrent_messages_of_an_order_charge_it_once() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(Some("pm_card_visa")).await;
    let records: Vec<_> = (0..5).map(|n| message(&format!("m{n}"), ORDER, 1)).collect();
    let result = fixture.handle(&json!({ "Records": records })).await;
    assert!(result.calls.dead_lettered.is_empty(), "{result:?}");
    assert_eq!(fixture.status().await, "confirmed");
    assert_eq!(fixture.money(), (1, 3_998));
    assert_eq!(fixture.marketplace.stock().await, stock(8, 0, 2));
}

#[tokio::test]
async fn declined_card_rejects_the_order_and_releases_its_stock() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(Some("pm_card_chargeDeclined")).await;
    assert!(fixture.handle(&created()).await.is_success());
    let order = fixture.marketplace.stored_order(id(ORDER)).await;
    assert_eq!(statuses(&order), ["pending", "awaiting_payment", "rejected"]);
    let last = order.timeline.last().unwrap();
    assert_eq!(last.by, Party::System);
    assert!(last.reason.as_deref().unwrap().starts_with("payment declined: "), "{last:?}");
    assert_eq!(fixture.money(), (0, 0));
    assert_eq!(fixture.marketplace.stock().await, stock(10, 0, 0));
}

#[tokio::test]
async fn out_of_stock_order_is_rejected_without_a_charge() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order_of(id(ORDER), id(PRODUCT), 11, Some("pm_card_visa")).await;
    assert!(fixture.handle(&created()).await.is_success());
    let order = fixture.marketplace.stored_order(id(ORDER)).await;
    assert_eq!(statuses(&order), ["pending", "rejected"]);
    assert_eq!(order.timeline[1].reason.as_deref(), Some(format!("out of stock: {PRODUCT}").as_str()));
    assert_eq!(fixture.money(), (0, 0));
    assert_eq!(fixture.marketplace.stock().await, stock(10, 0, 0));
}

#[tokio::test]
async fn orders_competing_for_the_last_units_never_oversell() {
    let fixture = Fixture::open().await;
    let mut records = Vec::new();
    let mut orders = Vec::new();
    for n in 0..7 {
        let order = fixture.marketplace.order_of(new_id(), id(PRODUCT), 3, Some("pm_card_visa")).await.id;
        records.push(message(&format!("m{n}"), &order.to_string(), 1));
        orders.push(order);
    }
    assert!(fixture.handle(&json!({ "Records": records })).await.is_success());
    let mut final_statuses = Vec::new();
    for order in orders {
        final_statuses.extend(statuses(&fixture.marketplace.stored_order(order).await).pop());
    }
    final_statuses.sort();
    assert_eq!(
        final_statuses,
        ["confirmed", "confirmed", "confirmed", "rejected", "rejected", "rejected", "rejected"]
    );
    assert_eq!(fixture.marketplace.stock().await, stock(1, 0, 9));
}

#[tokio::test]
async fn order_without_payment_method_awaits_payment() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(None).await;
    assert!(fixture.handle(&created()).await.is_success());
    assert_eq!(fixture.status().await, "awaiting_payment");
    let fulfilment = fixture.marketplace.stored_order(id(ORDER)).await.fulfilment;
    assert!(matches!(fulfilment, Fulfilment::AwaitingPayment { .. }), "{fulfilment:?}");
    assert_eq!(fixture.marketplace.stock().await, stock(8, 2, 0));
    assert!(fixture.handle(&created()).await.is_success());
    assert_eq!(fixture.marketplace.stock().await, stock(8, 2, 0));
}

#[tokio::test]
async fn order_cancelled_before_the_first_step_is_unchanged() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(Some("pm_card_visa")).await;
    fixture.cancel().await;
    assert!(fixture.handle(&created()).await.is_success());
    assert_eq!(fixture.status().await, "cancelled");
    assert_eq!(fixture.money(), (0, 0));
    assert_eq!(fixture.marketplace.stock().await, stock(10, 0, 0));
}

#[tokio::test]
async fn cancelled_order_is_refunded_after_confirmation() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(Some("pm_card_visa")).await;
    fixture.handle(&created()).await;
    fixture.cancel().await;
    assert!(fixture.handle(&created()).await.is_success());
    assert_eq!(fixture.status().await, "cancelled");
    assert_eq!(fixture.money(), (1, 0));
    assert_eq!(fixture.marketplace.stock().await, stock(10, 0, 0));
    assert!(fixture.handle(&created()).await.is_success());
    assert_eq!(fixture.marketplace.stock().await, stock(10, 0, 0));
}

/// The gateway stores the 500 under the idempotency key of the charge, and replays it.
#[tokio::test]
async fn cancelled_order_is_resolved_despite_a_stored_error() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(Some("pm_card_visa")).await;
    let down = ScriptedGateway::new([ScriptedAnswer::Fail(GatewayError::Unavailable)]);
    assert_eq!(fixture.handle_scripted(&down).await.retried(), ["m1"]);
    fixture.cancel().await;
    let error = Rule::on(Operation::Create, Effect::Fail { status: 500 });
    fixture.marketplace.table.stack().payments().add_fault_rule(error.times(1));
    assert_eq!(fixture.handle(&created()).await.retried(), ["m1"]);
    assert!(fixture.handle(&created()).await.is_success());
    assert_eq!(fixture.marketplace.stored_order(id(ORDER)).await.fulfilment, Fulfilment::Finished);
    assert_eq!(fixture.money(), (0, 0));
    assert_eq!(fixture.marketplace.stock().await, stock(10, 0, 0));
}

#[tokio::test]
async fn message_of_an_unknown_order_succeeds() {
    let fixture = Fixture::open().await;
    assert!(fixture.handle(&created()).await.is_success());
    assert_eq!(fixture.marketplace.reader.order(id(ORDER)).await.unwrap(), None);
}

#[tokio::test]
async fn order_with_total_zero_is_confirmed_without_a_charge() {
    for method in [None, Some("pm_card_visa"), Some("pm_card_chargeDeclined")] {
        let fixture = Fixture::open().await;
        let free = new_id::<Product>();
        fixture.marketplace.product(&free.to_string(), MARKET, seller(), "FREE", 0, 5).await;
        fixture.marketplace.order_of(id(ORDER), free, 2, method).await;
        let gateway = ScriptedGateway::new([ScriptedAnswer::Panic]);
        let handler = fixture.handler(gateway.clone());
        assert!(queue_function::handle(&handler, &created()).await.is_success(), "{method:?}");
        let order = fixture.marketplace.stored_order(id(ORDER)).await;
        assert_eq!(statuses(&order), ["pending", "confirmed"]);
        assert_eq!(order.timeline[1].reason.as_deref(), Some("no payment needed"));
        assert_eq!((order.fulfilment, order.payment_id), (Fulfilment::Finished, None));
        let stock_of_free = async || fixture.marketplace.reader.product(free).await.unwrap().unwrap().stock;
        assert_eq!(stock_of_free().await, stock(3, 0, 2));

        fixture.cancel().await;
        assert!(queue_function::handle(&handler, &created()).await.is_success(), "{method:?}");
        assert_eq!(fixture.status().await, "cancelled");
        assert_eq!(stock_of_free().await, stock(5, 0, 0));
        assert!(gateway.calls().is_empty(), "{:?}", gateway.calls());
        assert_eq!(fixture.money(), (0, 0));
    }
}

#[tokio::test]
async fn order_with_total_zero_can_be_out_of_stock() {
    let fixture = Fixture::open().await;
    let free = new_id::<Product>();
    fixture.marketplace.product(&free.to_string(), MARKET, seller(), "FREE", 0, 1).await;
    fixture.marketplace.order_of(id(ORDER), free, 2, None).await;
    assert!(fixture.handle(&created()).await.is_success());
    assert_eq!(fixture.status().await, "rejected");
}

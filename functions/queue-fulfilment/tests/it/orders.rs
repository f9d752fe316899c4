//! Orders on their way, against the payment sandbox.

use serde_json::json;
use shared::domain::order::fulfilment::Fulfilment;
use shared::domain::order::{Order, Party};
use shared::repository::order::OrderReader;
use test_support::fixture::{ORDER, PRODUCT, id, new_id};

use super::{Fixture, created, message, stock};

/// The statuses that an order had, one after the other.
fn statuses(order: &Order) -> Vec<String> {
    order.timeline.iter().map(|entry| json!(entry.status).as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_order_is_reserved_charged_and_confirmed() {
    let saga = Fixture::open().await;
    saga.scene.order(Some("pm_card_visa")).await;
    assert!(saga.handle(&created()).await.is_done());
    let order = saga.order(id(ORDER)).await;
    assert_eq!(statuses(&order), ["pending", "awaiting_payment", "confirmed"]);
    assert_eq!(order.fulfilment, Fulfilment::Finished);
    assert!(order.payment_id.is_some());
    assert_eq!(saga.money(), (1, 3_998));
    assert_eq!(saga.stock().await, stock(8, 0, 2));
}

#[tokio::test]
async fn a_message_that_comes_again_changes_nothing() {
    let saga = Fixture::open().await;
    saga.scene.order(Some("pm_card_visa")).await;
    saga.handle(&created()).await;
    let confirmed = saga.order(id(ORDER)).await;
    let twice = json!({ "Records": [message("m1", ORDER, 2), message("m2", ORDER, 1)] });
    assert!(saga.handle(&twice).await.is_done());
    assert_eq!(saga.order(id(ORDER)).await, confirmed);
    assert_eq!(saga.money(), (1, 3_998));
    assert_eq!(saga.stock().await, stock(8, 0, 2));
}

#[tokio::test]
async fn messages_of_one_order_at_once_charge_it_once() {
    let saga = Fixture::open().await;
    saga.scene.order(Some("pm_card_visa")).await;
    let records: Vec<_> = (0..5).map(|n| message(&format!("m{n}"), ORDER, 1)).collect();
    let ended = saga.handle(&json!({ "Records": records })).await;
    assert!(ended.asked.buried.is_empty(), "{ended:?}");
    assert_eq!(saga.status().await, "confirmed");
    assert_eq!(saga.money(), (1, 3_998));
    assert_eq!(saga.stock().await, stock(8, 0, 2));
}

#[tokio::test]
async fn a_declined_card_rejects_the_order_and_gives_its_stock_back() {
    let saga = Fixture::open().await;
    saga.scene.order(Some("pm_card_chargeDeclined")).await;
    assert!(saga.handle(&created()).await.is_done());
    let order = saga.order(id(ORDER)).await;
    assert_eq!(statuses(&order), ["pending", "awaiting_payment", "rejected"]);
    let last = order.timeline.last().unwrap();
    assert_eq!(last.by, Party::System);
    assert!(last.reason.as_deref().unwrap().starts_with("payment declined: "), "{last:?}");
    assert_eq!(saga.money(), (0, 0));
    assert_eq!(saga.stock().await, stock(10, 0, 0));
}

#[tokio::test]
async fn an_order_for_more_than_there_is_is_rejected_and_never_charged() {
    let saga = Fixture::open().await;
    saga.scene.order_of(id(ORDER), id(PRODUCT), 11, Some("pm_card_visa")).await;
    assert!(saga.handle(&created()).await.is_done());
    let order = saga.order(id(ORDER)).await;
    assert_eq!(statuses(&order), ["pending", "rejected"]);
    assert_eq!(order.timeline[1].reason.as_deref(), Some(format!("out of stock: {PRODUCT}").as_str()));
    assert_eq!(saga.money(), (0, 0));
    assert_eq!(saga.stock().await, stock(10, 0, 0));
}

#[tokio::test]
async fn orders_that_compete_for_the_last_pieces_are_confirmed_as_far_as_there_are_any() {
    let saga = Fixture::open().await;
    let mut records = Vec::new();
    let mut orders = Vec::new();
    for n in 0..7 {
        let order = saga.scene.order_of(new_id(), id(PRODUCT), 3, Some("pm_card_visa")).await.id;
        records.push(message(&format!("m{n}"), &order.to_string(), 1));
        orders.push(order);
    }
    assert!(saga.handle(&json!({ "Records": records })).await.is_done());
    let mut ends = Vec::new();
    for order in orders {
        ends.extend(statuses(&saga.order(order).await).pop());
    }
    ends.sort();
    assert_eq!(ends, ["confirmed", "confirmed", "confirmed", "rejected", "rejected", "rejected", "rejected"]);
    assert_eq!(saga.stock().await, stock(1, 0, 9));
}

#[tokio::test]
async fn an_order_without_a_payment_method_waits_for_its_payment() {
    let saga = Fixture::open().await;
    saga.scene.order(None).await;
    assert!(saga.handle(&created()).await.is_done());
    assert_eq!(saga.status().await, "awaiting_payment");
    let fulfilment = saga.order(id(ORDER)).await.fulfilment;
    assert!(matches!(fulfilment, Fulfilment::AwaitingPayment { .. }), "{fulfilment:?}");
    assert_eq!(saga.stock().await, stock(8, 2, 0));
    assert!(saga.handle(&created()).await.is_done());
    assert_eq!(saga.stock().await, stock(8, 2, 0));
}

#[tokio::test]
async fn an_order_that_was_cancelled_before_anything_happened_is_left_alone() {
    let saga = Fixture::open().await;
    saga.scene.order(Some("pm_card_visa")).await;
    saga.cancel().await;
    assert!(saga.handle(&created()).await.is_done());
    assert_eq!(saga.status().await, "cancelled");
    assert_eq!(saga.money(), (0, 0));
    assert_eq!(saga.stock().await, stock(10, 0, 0));
}

#[tokio::test]
async fn a_confirmed_order_that_is_cancelled_is_paid_back() {
    let saga = Fixture::open().await;
    saga.scene.order(Some("pm_card_visa")).await;
    saga.handle(&created()).await;
    saga.cancel().await;
    assert!(saga.handle(&created()).await.is_done());
    assert_eq!(saga.status().await, "cancelled");
    assert_eq!(saga.money(), (1, 0));
    assert_eq!(saga.stock().await, stock(10, 0, 0));
    assert!(saga.handle(&created()).await.is_done());
    assert_eq!(saga.stock().await, stock(10, 0, 0));
}

#[tokio::test]
async fn an_order_that_does_not_exist_needs_nothing() {
    let saga = Fixture::open().await;
    assert!(saga.handle(&created()).await.is_done());
    assert_eq!(saga.scene.reader.order(id(ORDER)).await.unwrap(), None);
}

//! Duplicate and invalid messages.

use http::StatusCode;
use serde_json::json;
use shared::messaging::event_routing::Subscriber;
use test_support::TestApp;
use test_support::app::eventually;
use test_support::audit::{Expectations, MoneyAndStock};

/// The `order.created` message of an order, as the relay sends it.
pub(crate) fn order_created(order: &serde_json::Value) -> String {
    let id = order["id"].as_str().unwrap();
    json!({
        "id": format!("{id}.1"),
        "schema": 1,
        "subject": id,
        "sequence": 1,
        "occurredAt": order["createdAt"],
        "correlationId": "a-duplicate",
        "type": "order.created",
        "data": {
            "orderId": id,
            "marketId": order["marketId"],
            "buyerId": order["buyerId"],
            "sellerId": order["sellerId"],
            "total": order["total"],
        },
    })
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn order_message_delivered_ten_times_is_fulfilled_once() {
    let app = TestApp::start().await;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 10).await;
    let order = app.order(&buyer, "k1", &product, 2, Some("pm_card_visa")).await.data(StatusCode::CREATED);
    let message = order_created(&order);
    futures::future::join_all((0..9).map(|_| app.send_message("FulfilmentQueue", &message))).await;

    let id = order["id"].as_str().unwrap();
    app.wait_for_order(&buyer, id, &["confirmed"]).await;
    app.wait_until_idle().await;
    let expectations = Expectations { stocked: [(product, 10)].into(), acknowledged: vec![id.to_owned()] };
    let ledger = app.stack().payments().ledger();
    assert_eq!(MoneyAndStock::read(&app).await.violations(&expectations, &ledger), Vec::<String>::new());
    assert_eq!(ledger.captures_of(id).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_message_is_recorded_and_others_are_processed() {
    let app = TestApp::start().await;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 10).await;
    let poison = r#"{"type":"order.created","secret":"do not quote me"}"#;
    app.send_message("FulfilmentQueue", poison).await;
    let order = app.order(&buyer, "k1", &product, 1, Some("pm_card_visa")).await.data(StatusCode::CREATED);

    app.wait_for_order(&buyer, order["id"].as_str().unwrap(), &["confirmed"]).await;
    let recorded = || async { MoneyAndStock::read(&app).await.dead_letters.pop() };
    let dead_letter = eventually("the dead letter is recorded", recorded).await;
    assert_eq!(dead_letter.body, poison);
    assert_eq!(dead_letter.queue, Subscriber::Fulfilment);
    assert!(dead_letter.reason.starts_with("the message cannot be parsed"), "{}", dead_letter.reason);
    assert!(!dead_letter.reason.contains("do not quote me"));
    app.wait_until_idle().await;
    assert_eq!(MoneyAndStock::read(&app).await.dead_letters.len(), 1);
    let logs = app.stack().logs().lines("queue-fulfilment").join("\n");
    assert!(logs.contains("\"outcome\":\"dead_lettered\"") && !logs.contains("do not quote me"));
}

//! Messages that come twice, or that nobody can read.

use http::StatusCode;
use serde_json::json;
use shared::messaging::event_routing::Subscriber;
use test_support::TestApp;
use test_support::app::eventually;
use test_support::audit::{Expectations, MoneyAndStock};

/// The message of an order that was placed, as the relay sends it.
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
            "total": order["total"],
        },
    })
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_message_comes_ten_times_at_once_is_fulfilled_once() {
    let shop = TestApp::open().await;
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    let product = shop.product(&seller, 1_999, 10).await;
    let order = shop.order(&buyer, "k1", &product, 2, Some("pm_card_visa")).await.data(StatusCode::CREATED);
    let message = order_created(&order);
    futures::future::join_all((0..9).map(|_| shop.send_message("FulfilmentQueue", &message))).await;

    let id = order["id"].as_str().unwrap();
    shop.order_in(&buyer, id, &["confirmed"]).await;
    shop.wait_until_idle().await;
    let journal = Expectations { stocked: [(product, 10)].into(), acknowledged: vec![id.to_owned()] };
    let ledger = shop.stack().payments().ledger();
    assert_eq!(MoneyAndStock::read(&shop).await.violations(&journal, &ledger), Vec::<String>::new());
    assert_eq!(ledger.captures_of(id).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_message_is_recorded_with_its_reason_and_its_neighbours_are_done() {
    let shop = TestApp::open().await;
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    let product = shop.product(&seller, 1_999, 10).await;
    let poison = r#"{"type":"order.created","secret":"do not quote me"}"#;
    shop.send_message("FulfilmentQueue", poison).await;
    let order = shop.order(&buyer, "k1", &product, 1, Some("pm_card_visa")).await.data(StatusCode::CREATED);

    shop.order_in(&buyer, order["id"].as_str().unwrap(), &["confirmed"]).await;
    let recorded = || async { MoneyAndStock::read(&shop).await.dead_letters.pop() };
    let letter = eventually("the dead letter is recorded", recorded).await;
    assert_eq!(letter.body, poison);
    assert_eq!(letter.queue, Subscriber::Fulfilment);
    assert!(letter.reason.starts_with("the message does not read"), "{}", letter.reason);
    assert!(!letter.reason.contains("do not quote me"));
    shop.wait_until_idle().await;
    assert_eq!(MoneyAndStock::read(&shop).await.dead_letters.len(), 1);
    let logs = shop.stack().logs().lines("queue-fulfilment").join("\n");
    assert!(logs.contains("\"outcome\":\"permanent\"") && !logs.contains("do not quote me"));
}

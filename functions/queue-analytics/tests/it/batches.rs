//! What a batch costs, and what it owes its neighbours.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::domain::market::Market;
use shared::domain::product::Product;
use shared::kit::command::{Key, Record};
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::fixture::{MARKET, ORDER, PRODUCT, id, new_id};
use test_support::recording_queue::RecordedCalls;
use test_support::request_recorder::client;

use super::{Counting, created, order_created, order_event, product_changed};

#[tokio::test]
async fn ten_orders_of_a_market_are_one_load_and_one_transaction() {
    let counting = Counting::open().await;
    counting.count_the_scene().await;
    let mut messages: Vec<Value> = Vec::new();
    for _ in 0..10 {
        let order = new_id();
        counting.confirmed(order).await;
        messages.push(order_created(&order.to_string()));
    }
    counting.requests.take();
    counting.hear(&messages).await;
    assert_eq!(counting.requests.take(), ["BatchGetItem", "TransactWriteItems"]);
    counting.is_exact().await;
    let (counted, _) = counting.counts().await;
    assert_eq!(counted.markets[MARKET], ("active".to_owned(), 10, 19_990));
}

impl Counting {
    /// Puts something under a product's key that is none.
    async fn spoil(&self, product: &str) {
        let Key { pk, sk } = Product::key(&id(product));
        let raw = client(&self.scene.table.stack().dynamodb_endpoint(), None);
        let env = self.scene.env("api-orders");
        let put = raw.put_item().table_name(env.text("AGORA_TABLE").unwrap());
        let put = put.item("pk", AttributeValue::S(pk)).item("sk", AttributeValue::S(sk));
        put.item("kind", AttributeValue::S("spoilt".to_owned())).send().await.unwrap();
    }
}

#[tokio::test]
async fn what_does_not_read_fails_alone_and_its_neighbours_are_counted() {
    let counting = Counting::open().await;
    counting.count_the_scene().await;
    counting.confirmed(id(ORDER)).await;
    let spoilt = new_id::<Product>().to_string();
    counting.spoil(&spoilt).await;
    let mut broken = created();
    broken["messageId"] = json!("broken");
    broken["body"] = json!("{\"id\": \"hunter2\"");
    let foreign = order_event("order.created", ORDER, &new_id::<Market>().to_string());
    let unknown = order_event("order.eaten", ORDER, MARKET);
    let batch = [broken, product_changed(&spoilt), unknown, created(), product_changed(PRODUCT)];
    let (failures, asked) = counting.handle(&json!({ "Records": batch })).await;
    assert!(failures.is_empty(), "{failures:?}");
    let buried: Vec<&str> = asked.buried.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(buried, ["broken", &format!("product.changed {spoilt}"), &format!("order.eaten {ORDER}")]);
    assert_eq!(asked.buried[1].1, "the entity does not read");
    assert!(asked.buried.iter().all(|(_, reason)| !reason.contains("hunter2")), "{asked:?}");

    let (_, asked) = counting.handle(&json!({ "Records": [created(), foreign] })).await;
    assert_eq!(asked.buried.len(), 1, "{asked:?}");
    assert_eq!(asked.buried[0].1, "the message names another market than its order");
    let (counted, _) = counting.counts().await;
    assert_eq!(counted.markets[MARKET], ("active".to_owned(), 1, 1_999));
}

#[tokio::test]
async fn what_cannot_be_finished_in_time_is_handed_back_at_once_and_untouched() {
    let counting = Counting::open().await;
    counting.scene.order(None).await;
    let deadline = SystemClock.now().saturating_add(Duration::from_secs(5));
    let (failures, asked) = counting.handle_until(&json!({ "Records": [created()] }), deadline).await;
    assert_eq!(failures, [format!("order.created {ORDER}")]);
    assert_eq!(asked.delayed, [(format!("handle of order.created {ORDER}"), Duration::ZERO)]);
    assert!(counting.counts().await.0.lists.is_empty());
}

#[tokio::test]
async fn an_empty_batch_is_done() {
    let counting = Counting::open().await;
    assert_eq!(counting.handle(&json!({ "Records": [] })).await, (Vec::new(), RecordedCalls::default()));
}

//! Batches: number of requests, isolation of messages that fail, deadline.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::domain::market::Market;
use shared::domain::product::Product;
use shared::kit::command::{Key, Record};
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::fixture::{MARKET, ORDER, PRODUCT, id, new_id};
use test_support::queue_function::{BatchResult, handle_until};
use test_support::request_recorder::client;

use super::{Fixture, created, order_created, order_event, product_changed};

#[tokio::test]
async fn ten_orders_of_a_market_take_two_requests() {
    let fixture = Fixture::open().await;
    fixture.count_marketplace().await;
    let mut messages: Vec<Value> = Vec::new();
    for _ in 0..10 {
        let order = new_id();
        fixture.place_and_pay(order).await;
        messages.push(order_created(&order.to_string()));
    }
    fixture.requests.take();
    fixture.count(&messages).await;
    assert_eq!(fixture.requests.take(), ["BatchGetItem", "TransactWriteItems"]);
    fixture.assert_totals_are_exact().await;
    let (counted, _) = fixture.counts().await;
    assert_eq!(counted.markets[MARKET], ("active".to_owned(), 10, 19_990));
}

impl Fixture {
    /// Stores an unreadable item under the key of a product.
    async fn corrupt(&self, product: &str) {
        let Key { pk, sk } = Product::key(&id(product));
        let dynamodb = client(&self.marketplace.table.stack().dynamodb_endpoint(), None);
        let put = dynamodb.put_item().table_name(self.marketplace.table.name());
        let put = put.item("pk", AttributeValue::S(pk)).item("sk", AttributeValue::S(sk));
        put.item("kind", AttributeValue::S("corrupt".to_owned())).send().await.unwrap();
    }
}

#[tokio::test]
async fn unreadable_messages_are_dead_lettered_and_the_rest_counted() {
    let fixture = Fixture::open().await;
    fixture.count_marketplace().await;
    fixture.place_and_pay(id(ORDER)).await;
    let corrupt = new_id::<Product>().to_string();
    fixture.corrupt(&corrupt).await;
    let mut broken = created();
    broken["messageId"] = json!("broken");
    broken["body"] = json!("{\"id\": \"hunter2\"");
    let foreign = order_event("order.created", ORDER, &new_id::<Market>().to_string());
    let unknown = order_event("order.eaten", ORDER, MARKET);
    let batch = [broken, product_changed(&corrupt), unknown, created(), product_changed(PRODUCT)];
    let BatchResult { failures, calls } = fixture.handle(&json!({ "Records": batch })).await;
    assert!(failures.is_empty(), "{failures:?}");
    let dead_lettered: Vec<&str> = calls.dead_lettered.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(
        dead_lettered,
        ["broken", &format!("product.changed {corrupt}"), &format!("order.eaten {ORDER}")]
    );
    assert_eq!(calls.dead_lettered[1].1, "the stored entity cannot be parsed");
    assert!(calls.dead_lettered.iter().all(|(_, reason)| !reason.contains("hunter2")), "{calls:?}");

    let calls = fixture.handle(&json!({ "Records": [created(), foreign] })).await.calls;
    assert_eq!(calls.dead_lettered.len(), 1, "{calls:?}");
    assert_eq!(calls.dead_lettered[0].1, "the message and its order name different markets");
    let (counted, _) = fixture.counts().await;
    assert_eq!(counted.markets[MARKET], ("active".to_owned(), 1, 1_999));
}

#[tokio::test]
async fn batch_without_enough_time_is_returned_unprocessed() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(None).await;
    let deadline = SystemClock.now().saturating_add(Duration::from_secs(5));
    let event = json!({ "Records": [created()] });
    let result = handle_until(&fixture.handler(), &event, deadline).await;
    assert_eq!((result.retried().len(), result.retry_delay()), (1, Duration::ZERO), "{result:?}");
    assert!(fixture.counts().await.0.lists.is_empty());
}

#[tokio::test]
async fn empty_batch_succeeds() {
    let fixture = Fixture::open().await;
    assert!(fixture.handle(&json!({ "Records": [] })).await.is_success());
}

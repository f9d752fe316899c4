//! Counting behind a queue: batches of SQS, handled on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod batches;
mod count;
mod events;

use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use queue_analytics::Analytics;
use serde_json::{Value, json};
use shared::domain::order::OrderId;
use shared::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition};
use shared::domain::payment::{Capture, GatewayId};
use shared::kit::aws::dynamodb::DynamoStore;
use shared::kit::queue::consumer::{Delivery, consume};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy, Timestamp};
use shared::repository::order::OrderReader;
use test_support::fixture::{BUYER, MARKET, Marketplace, ORDER, PRODUCT, cents};
use test_support::lambda_event;
use test_support::recording_queue::{RecordedCalls, RecordingQueue};
use test_support::recount::Counts;
use test_support::request_recorder::{Requests, client};

/// The function on a table with people, a market and its product, of which nothing is counted yet.
struct Counting {
    scene: Marketplace,
    store: DynamoStore,
    requests: Requests,
}

/// How a batch ended: the ids of the messages that come back, and what the queue was asked.
type Ended = (Vec<String>, RecordedCalls);

impl Counting {
    async fn open() -> Self {
        let scene = Marketplace::open().await;
        let (table, requests) = scene.table.with_recorder();
        Self { scene, store: DynamoStore::new(table), requests }
    }

    /// Handles a batch with time to spare.
    async fn handle(&self, event: &Value) -> Ended {
        self.handle_until(event, SystemClock.now().saturating_add(Duration::from_secs(28))).await
    }

    async fn handle_until(&self, event: &Value, deadline: Timestamp) -> Ended {
        let handler = Analytics::new(self.store.clone()).into_handler();
        let event: SqsEvent = serde_json::from_value(event.clone()).unwrap();
        let batch: Vec<Delivery> = event.records.into_iter().map(Delivery::from).collect();
        let (queue, chance) = (RecordingQueue::default(), (&SystemClock, &SystemEntropy));
        let response = Box::pin(consume(&handler, &queue, batch, deadline, chance)).await;
        let failures = response.batch_item_failures.into_iter().map(|failure| failure.item_identifier);
        (failures.collect(), queue.asked())
    }

    /// Handles messages, all of which are done with.
    async fn hear(&self, messages: &[Value]) {
        let ended = self.handle(&json!({ "Records": messages })).await;
        assert_eq!(ended, (Vec::new(), RecordedCalls::default()));
    }

    /// What was counted, and what there is.
    async fn counts(&self) -> (Counts, Counts) {
        let env = self.scene.env("api-orders");
        let raw = client(&self.scene.table.stack().dynamodb_endpoint(), None);
        Counts::of_table(&raw, env.text("AGORA_TABLE").unwrap()).await
    }

    /// Asserts that all there is was counted, once.
    async fn is_exact(&self) {
        let (counted, there) = self.counts().await;
        assert_eq!(counted, there);
    }

    /// Everybody and everything that the scene begins with is counted.
    async fn count_the_scene(&self) {
        let people = [
            BUYER,
            test_support::fixture::SELLER,
            test_support::fixture::STRANGER,
            test_support::fixture::MODERATOR,
        ];
        let mut messages: Vec<Value> =
            people.iter().map(|user| message("user.registered", user, &json!({ "userId": user }))).collect();
        messages.extend([market_changed(MARKET), product_changed(PRODUCT)]);
        self.hear(&messages).await;
    }

    /// An order of the buyer's that was paid.
    async fn confirmed(&self, id: OrderId) {
        self.scene.order_of(id, test_support::fixture::id(PRODUCT), 1, Some("pm_card_visa")).await;
        self.pay(id).await;
    }

    /// An order is paid.
    async fn pay(&self, id: OrderId) {
        self.advance(id, FulfilmentTransition::Reserve).await;
        let total = self.scene.reader.order(id).await.unwrap().unwrap().total;
        let capture = Capture { gateway_id: GatewayId(format!("pi_{id}")), amount: total };
        self.advance(id, FulfilmentTransition::Captured(capture)).await;
    }

    async fn advance(&self, id: OrderId, by: FulfilmentTransition) {
        self.scene.run(AdvanceOrder { id, by, payment_window: Duration::from_hours(1) }).await;
    }
}

/// A message with this event of an entity.
fn message(name: &str, subject: &str, data: &Value) -> Value {
    lambda_event::of_message("analytics", name, subject, data)
}

fn market_changed(market: &str) -> Value {
    message("market.changed", market, &json!({ "marketId": market }))
}

fn product_changed(product: &str) -> Value {
    message("product.changed", product, &json!({ "productId": product, "marketId": MARKET }))
}

/// An event of an order that says nothing of what became of it.
fn order_event(name: &str, order: &str, market: &str) -> Value {
    let total = cents(1);
    message(name, order, &json!({ "orderId": order, "marketId": market, "buyerId": BUYER, "total": total }))
}

fn order_created(order: &str) -> Value {
    order_event("order.created", order, MARKET)
}

/// The message of [`ORDER`].
fn created() -> Value {
    order_created(ORDER)
}

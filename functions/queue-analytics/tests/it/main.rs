//! Integration tests of `queue-analytics`: SQS batches handled on an embedded table.

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
use shared::domain::order::payment::{Capture, GatewayId};
use shared::kit::aws::dynamodb::DynamoStore;
use shared::kit::queue::consumer::{Delivery, consume};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy, Timestamp};
use test_support::fixture::{BUYER, MARKET, Marketplace, ORDER, PRODUCT, cents};
use test_support::lambda_event;
use test_support::recording_queue::{RecordedCalls, RecordingQueue};
use test_support::recount::Counts;
use test_support::request_recorder::{RequestRecorder, client};

/// The function on a marketplace of which nothing has been counted yet.
struct Fixture {
    marketplace: Marketplace,
    store: DynamoStore,
    requests: RequestRecorder,
}

/// Result of a batch: the ids of the failed messages, and the calls to the queue.
type BatchResult = (Vec<String>, RecordedCalls);

impl Fixture {
    async fn open() -> Self {
        let marketplace = Marketplace::with_sample_data().await;
        let (table, requests) = marketplace.table.with_recorder();
        Self { marketplace, store: DynamoStore::new(table), requests }
    }

    /// Handles a batch with a distant deadline.
    async fn handle(&self, event: &Value) -> BatchResult {
        self.handle_until(event, SystemClock.now().saturating_add(Duration::from_secs(28))).await
    }

    async fn handle_until(&self, event: &Value, deadline: Timestamp) -> BatchResult {
        let handler = Analytics::new(self.store.clone()).into_handler();
        let event: SqsEvent = serde_json::from_value(event.clone()).unwrap();
        let batch: Vec<Delivery> = event.records.into_iter().map(Delivery::from).collect();
        let queue = RecordingQueue::default();
        let response =
            Box::pin(consume(&handler, &queue, batch, deadline, &SystemClock, &SystemEntropy)).await;
        let failures = response.batch_item_failures.into_iter().map(|failure| failure.item_identifier);
        (failures.collect(), queue.calls())
    }

    /// Handles messages and asserts that all of them succeed.
    async fn count(&self, messages: &[Value]) {
        let result = self.handle(&json!({ "Records": messages })).await;
        assert_eq!(result, (Vec::new(), RecordedCalls::default()));
    }

    /// The stored totals, and the totals recounted from all entities.
    async fn counts(&self) -> (Counts, Counts) {
        let env = self.marketplace.env("api-orders");
        let dynamodb = client(&self.marketplace.table.stack().dynamodb_endpoint(), None);
        Counts::of_table(&dynamodb, env.text("AGORA_TABLE").unwrap()).await
    }

    /// Asserts that the stored totals match the stored entities.
    async fn assert_totals_are_exact(&self) {
        let (counted, recounted) = self.counts().await;
        assert_eq!(counted, recounted);
    }

    /// Counts the accounts, the market and the product that the marketplace starts with.
    async fn count_marketplace(&self) {
        let users = [
            BUYER,
            test_support::fixture::SELLER,
            test_support::fixture::STRANGER,
            test_support::fixture::MODERATOR,
        ];
        let mut messages: Vec<Value> =
            users.iter().map(|user| message("user.registered", user, &json!({ "userId": user }))).collect();
        messages.extend([market_changed(MARKET), product_changed(PRODUCT)]);
        self.count(&messages).await;
    }

    /// Places an order of the buyer and pays it.
    async fn place_and_pay(&self, id: OrderId) {
        self.marketplace.order_of(id, test_support::fixture::id(PRODUCT), 1, Some("pm_card_visa")).await;
        self.pay(id).await;
    }

    /// Records the payment of an order.
    async fn pay(&self, id: OrderId) {
        self.advance(id, FulfilmentTransition::Reserve).await;
        let total = self.marketplace.reader.order(id).await.unwrap().unwrap().total;
        let capture = Capture { gateway_id: GatewayId(format!("pi_{id}")), amount: total };
        self.advance(id, FulfilmentTransition::Captured(capture)).await;
    }

    async fn advance(&self, id: OrderId, by: FulfilmentTransition) {
        self.marketplace.run(AdvanceOrder { id, by, payment_window: Duration::from_hours(1) }).await;
    }
}

/// Message with an event of an entity.
fn message(name: &str, subject: &str, data: &Value) -> Value {
    lambda_event::sqs_record("analytics", name, subject, data)
}

fn market_changed(market: &str) -> Value {
    message("market.changed", market, &json!({ "marketId": market }))
}

fn product_changed(product: &str) -> Value {
    message("product.changed", product, &json!({ "productId": product, "marketId": MARKET }))
}

/// Message with an order event without details of the change.
fn order_event(name: &str, order: &str, market: &str) -> Value {
    let total = cents(1);
    message(name, order, &json!({ "orderId": order, "marketId": market, "buyerId": BUYER, "total": total }))
}

fn order_created(order: &str) -> Value {
    order_event("order.created", order, MARKET)
}

/// Message that [`ORDER`] was created.
fn created() -> Value {
    order_created(ORDER)
}

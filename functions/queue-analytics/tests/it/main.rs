//! Integration tests of `queue-analytics`: SQS batches handled on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod batches;
mod count;
mod events;

use queue_analytics::Analytics;
use serde_json::{Value, json};
use shared::domain::order::OrderId;
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::order::payment::{Capture, GatewayId};
use shared::kit::aws::dynamodb::DynamoStore;
use shared::kit::queue::consumer::BatchHandler;
use test_support::fixture::{
    self, BUYER, MARKET, MODERATOR, Marketplace, ORDER, PRODUCT, SELLER, STRANGER, cents,
};
use test_support::lambda_event;
use test_support::queue_function::{self, BatchResult};
use test_support::recount::Counts;
use test_support::request_recorder::{RequestRecorder, client};

/// The function on a marketplace of which nothing has been counted yet.
struct Fixture {
    marketplace: Marketplace,
    store: DynamoStore,
    requests: RequestRecorder,
}

impl Fixture {
    async fn open() -> Self {
        let marketplace = Marketplace::with_sample_data().await;
        let (table, requests) = marketplace.table.with_recorder();
        Self { marketplace, store: DynamoStore::new(table), requests }
    }

    /// Handles a batch with a distant deadline.
    async fn handle(&self, event: &Value) -> BatchResult {
        queue_function::handle(&self.handler(), event).await
    }

    fn handler(&self) -> impl BatchHandler {
        Analytics::new(self.store.clone()).into_handler()
    }

    /// Handles messages and asserts that all of them succeed.
    async fn count(&self, messages: &[Value]) {
        let result = self.handle(&json!({ "Records": messages })).await;
        assert!(result.is_success(), "{result:?}");
    }

    /// The stored totals, and the totals recounted from all entities.
    async fn counts(&self) -> (Counts, Counts) {
        let table = &self.marketplace.table;
        Counts::of_table(&client(&table.stack().dynamodb_endpoint(), None), &table.name()).await
    }

    /// Asserts that the stored totals match the stored entities.
    async fn assert_totals_are_exact(&self) {
        let (counted, recounted) = self.counts().await;
        assert_eq!(counted, recounted);
    }

    /// Counts the accounts, the market and the product that the marketplace starts with.
    async fn count_marketplace(&self) {
        let registered = |user| message("user.registered", user, &json!({ "userId": user }));
        let mut messages = [BUYER, SELLER, STRANGER, MODERATOR].map(registered).to_vec();
        messages.extend([market_changed(MARKET), product_changed(PRODUCT)]);
        self.count(&messages).await;
    }

    /// Places an order of the buyer and pays it.
    async fn place_and_pay(&self, id: OrderId) {
        self.marketplace.order_of(id, fixture::id(PRODUCT), 1, Some("pm_card_visa")).await;
        self.pay(id).await;
    }

    /// Records the payment of an order.
    async fn pay(&self, id: OrderId) {
        self.marketplace.advance_order(id, FulfilmentTransition::Reserve).await;
        let amount = self.marketplace.stored_order(id).await.total();
        let capture = Capture { gateway_id: GatewayId(format!("pi_{id}")), amount };
        self.marketplace.advance_order(id, FulfilmentTransition::Captured(capture)).await;
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

//! Tests of the HTTP API of orders: API Gateway events are sent through the router to an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cancel;
mod events;
mod get;
mod http_conventions;
mod list;
mod place;
mod refund;
mod ship_deliver;
mod timeline;

use std::time::Duration;

use axum::Router;
use serde_json::{Value, json};
use shared::api::CommandState;
use shared::domain::order::Order;
use shared::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition};
use shared::domain::order::fulfilment::record_capture::RecordCapture;
use shared::domain::order::payment::{Capture, GatewayId};
use shared::domain::product::Stock;
use shared::domain::values::actor::Actor;
use shared::kit::command::Store;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::repository::product::ProductReader;
use test_support::fixture::{Marketplace, ORDER, PRODUCT, cents, id, test_context};
use test_support::lambda_event;
use test_support::lambda_event::RouterResponse;

/// Router of the function, with an embedded table.
struct Orders {
    marketplace: Marketplace,
    router: Router,
}

impl Orders {
    /// Creates a table with the sample users, market and product.
    async fn new() -> Self {
        let marketplace = Marketplace::with_sample_data().await;
        let app = CommandState::new(
            &marketplace.env("api-orders"),
            marketplace.store.clone(),
            marketplace.reader.clone(),
        )
        .unwrap();
        Self { marketplace, router: api_orders::router(app) }
    }

    /// Sends an event.
    async fn send(&self, event: &Value) -> RouterResponse {
        lambda_event::send(&self.router, event).await
    }

    /// Sends a `GET` request of `by`.
    async fn get(&self, by: Actor, path: &str) -> RouterResponse {
        let token = self.marketplace.token(by);
        self.send(&lambda_event::request_event("GET", path, &[("authorization", &token)], None)).await
    }

    /// Sends a `POST` request of `by` with additional headers.
    async fn post(&self, by: Actor, path: &str, headers: &[(&str, &str)], body: &Value) -> RouterResponse {
        let token = self.marketplace.token(by);
        let mut all = vec![("authorization", token.as_str())];
        all.extend(headers);
        self.send(&lambda_event::request_event("POST", path, &all, Some(body))).await
    }

    /// Places an order with an idempotency key.
    async fn place(&self, by: Actor, key: &str, body: &Value) -> RouterResponse {
        self.post(by, "/v1/orders", &[("idempotency-key", key)], body).await
    }
}

impl Orders {
    /// Creates a table with a paid order of two mugs.
    async fn confirmed() -> Self {
        let orders = Self::new().await;
        orders.marketplace.order(Some("pm_card_visa")).await;
        orders.advance(FulfilmentTransition::Reserve).await;
        orders.advance(FulfilmentTransition::Captured(capture("pi_1", 3_998))).await;
        orders
    }

    /// Advances the fulfilment of the order.
    async fn advance(&self, by: FulfilmentTransition) {
        let payment_window = Duration::from_hours(24);
        self.marketplace.run(AdvanceOrder { id: id(ORDER), by, payment_window }).await;
    }

    /// Records a capture reported by the gateway. A capture that is already recorded is ignored.
    async fn receive(&self, capture: Capture) {
        let command = RecordCapture { order_id: id(ORDER), capture };
        let _ = self.marketplace.store.execute(command, &test_context(SystemClock.now())).await;
    }

    /// Executes an action of `by` on the order, with the idempotency key `k`.
    async fn act(&self, by: Actor, action: &str, body: &Value) -> RouterResponse {
        self.post(by, &format!("/v1/orders/{ORDER}/{action}"), &[("idempotency-key", "k")], body).await
    }

    async fn order(&self) -> Order {
        self.marketplace.reader.order(id(ORDER)).await.unwrap().unwrap()
    }

    async fn stock(&self) -> Stock {
        self.marketplace.reader.product(id(PRODUCT)).await.unwrap().unwrap().stock
    }
}

fn capture(gateway_id: &str, amount: i64) -> Capture {
    Capture { gateway_id: GatewayId(gateway_id.to_owned()), amount: cents(amount) }
}

fn stock(available: i64, reserved: i64, sold: i64) -> Stock {
    Stock { available, reserved, sold }
}

/// Request body that orders two mugs.
fn two_mugs() -> Value {
    json!({ "items": [{ "productId": PRODUCT, "quantity": 2 }], "paymentMethod": "pm_card_visa" })
}

/// Paths of the invalid fields in a response.
fn fields(response: &RouterResponse) -> Vec<String> {
    let fields = response.json()["error"]["fields"].as_object().cloned().unwrap_or_default();
    fields.keys().cloned().collect()
}

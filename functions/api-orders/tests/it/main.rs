//! Orders over HTTP: events of API Gateway, through the router, on an embedded table.

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
use shared::api::AppState;
use shared::domain::order::Order;
use shared::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition};
use shared::domain::order::fulfilment::record_capture::RecordCapture;
use shared::domain::payment::{Capture, GatewayId};
use shared::domain::product::Stock;
use shared::domain::values::actor::Actor;
use shared::kit::command::Store;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::repository::order::OrderReader;
use shared::repository::product::ProductReader;
use test_support::fixture::{Marketplace, ORDER, PRODUCT, cause, cents, id};
use test_support::lambda_event;
use test_support::lambda_event::Answer;

/// The function on a table.
struct Orders {
    scene: Marketplace,
    router: Router,
}

impl Orders {
    /// With the people, the market and its product.
    async fn open() -> Self {
        let scene = Marketplace::open().await;
        let app = AppState::new(&scene.env("api-orders"), scene.store.clone(), scene.reader.clone()).unwrap();
        Self { scene, router: api_orders::router(app) }
    }

    /// The answer to an event, whatever it is.
    async fn send(&self, event: &Value) -> Answer {
        lambda_event::send(&self.router, event).await
    }

    /// The answer to a `GET` of `by`'s.
    async fn get(&self, by: Actor, path: &str) -> Answer {
        let token = self.scene.token(by);
        self.send(&lambda_event::of_request("GET", path, &[("authorization", &token)], None)).await
    }

    /// The answer to a `POST` of `by`'s with these further headers.
    async fn post(&self, by: Actor, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let token = self.scene.token(by);
        let mut all = vec![("authorization", token.as_str())];
        all.extend(headers);
        self.send(&lambda_event::of_request("POST", path, &all, Some(body))).await
    }

    /// The answer to an order that is placed under an idempotency key.
    async fn place(&self, by: Actor, key: &str, body: &Value) -> Answer {
        self.post(by, "/v1/orders", &[("idempotency-key", key)], body).await
    }
}

impl Orders {
    /// With an order of two mugs that is paid.
    async fn confirmed() -> Self {
        let orders = Self::open().await;
        orders.scene.order(Some("pm_card_visa")).await;
        orders.advance(FulfilmentTransition::Reserve).await;
        orders.advance(FulfilmentTransition::Captured(capture("pi_1", 3_998))).await;
        orders
    }

    /// Takes the order's fulfilment a step further.
    async fn advance(&self, by: FulfilmentTransition) {
        let payment_window = Duration::from_hours(24);
        self.scene.run(AdvanceOrder { id: id(ORDER), by, payment_window }).await;
    }

    /// The gateway reports a capture; nothing happens if it is known already.
    async fn receive(&self, capture: Capture) {
        let command = RecordCapture { order_id: id(ORDER), capture };
        let _ = self.scene.store.execute(command, &cause(SystemClock.now())).await;
    }

    /// The answer to an action of `by`'s on the order, under the idempotency key `k`.
    async fn act(&self, by: Actor, action: &str, body: &Value) -> Answer {
        self.post(by, &format!("/v1/orders/{ORDER}/{action}"), &[("idempotency-key", "k")], body).await
    }

    async fn order(&self) -> Order {
        self.scene.reader.order(id(ORDER)).await.unwrap().unwrap()
    }

    async fn stock(&self) -> Stock {
        self.scene.reader.product(id(PRODUCT)).await.unwrap().unwrap().stock
    }
}

fn capture(gateway_id: &str, amount: i64) -> Capture {
    Capture { gateway_id: GatewayId(gateway_id.to_owned()), amount: cents(amount) }
}

fn stock(available: i64, reserved: i64, sold: i64) -> Stock {
    Stock { available, reserved, sold }
}

/// Two of the market's mugs.
fn two_mugs() -> Value {
    json!({ "items": [{ "productId": test_support::fixture::PRODUCT, "quantity": 2 }], "paymentMethod": "pm_card_visa" })
}

/// The paths of the fields that an answer complains of.
fn fields(answer: &Answer) -> Vec<String> {
    let fields = answer.json()["error"]["fields"].as_object().cloned().unwrap_or_default();
    fields.keys().cloned().collect()
}

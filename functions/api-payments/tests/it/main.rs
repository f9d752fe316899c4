//! Payments over HTTP: events of API Gateway, through the router, on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod discrepancies;
mod events;
mod get;
mod webhook_outcomes;
mod webhook_signature;

use std::time::Duration;

use axum::Router;
use serde_json::{Value, json};
use shared::api::AppState;
use shared::domain::order::Order;
use shared::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition};
use shared::domain::payment::{Capture, Checkout, ClientSecret, GatewayId};
use shared::domain::product::Stock;
use shared::domain::values::actor::Actor;
use shared::domain::values::money::Money;
use shared::kit::system::clock::{Clock, SystemClock, Timestamp};
use shared::payment_gateway::webhook::WebhookVerifier;
use shared::repository::order::OrderReader;
use shared::repository::product::ProductReader;
use stripe_sandbox::signature;
use test_support::fixture::{Marketplace, ORDER, PRODUCT, cents, id};
use test_support::lambda_event;
use test_support::lambda_event::Answer;

/// What the gateway knows the payment by.
const INTENT: &str = "pi_3P0mugs2eZvKYlo2C0mugs01";
/// How long orders wait for their payment here.
const WINDOW: Duration = Duration::from_hours(24);

/// The function on a table.
struct Payments {
    scene: Marketplace,
    router: Router,
    secret: String,
}

impl Payments {
    /// With the people, the market and its product.
    async fn open() -> Self {
        let scene = Marketplace::open().await;
        let env = scene.env("api-payments");
        let app = AppState::new(&env, scene.store.clone(), scene.reader.clone()).unwrap();
        let hooks =
            api_payments::gateway_router(scene.store.clone(), WebhookVerifier::from_env(&env).unwrap());
        let secret = env.text("AGORA_PAYMENT_WEBHOOK_SECRET").unwrap().to_owned();
        Self { scene, router: api_payments::router(app).merge(hooks), secret }
    }

    /// With an order of two mugs that waits for its payment.
    async fn awaiting() -> Self {
        let payments = Self::open().await;
        payments.scene.order(None).await;
        payments.advance(FulfilmentTransition::Reserve).await;
        let client_secret = ClientSecret("pi_1_secret".to_owned());
        let checkout = Checkout { gateway_id: GatewayId(INTENT.to_owned()), client_secret };
        payments.advance(FulfilmentTransition::Payable(checkout)).await;
        payments
    }

    /// With an order of two mugs that is being charged.
    async fn charging() -> Self {
        let payments = Self::open().await;
        payments.scene.order(Some("pm_card_visa")).await;
        payments.advance(FulfilmentTransition::Reserve).await;
        payments
    }

    async fn advance(&self, by: FulfilmentTransition) {
        self.scene.run(AdvanceOrder { id: id(ORDER), by, payment_window: WINDOW }).await;
    }

    /// The answer to an event, whatever it is.
    async fn send(&self, event: &Value) -> Answer {
        lambda_event::send(&self.router, event).await
    }

    async fn get(&self, by: Actor, path: &str) -> Answer {
        let token = self.scene.token(by);
        self.send(&lambda_event::of_request("GET", path, &[("authorization", &token)], None)).await
    }

    /// The answer to a webhook, signed now.
    async fn report(&self, body: &Value) -> Answer {
        let signed = self.sign(&body.to_string(), SystemClock.now());
        self.send(&webhook(body, &signed)).await
    }

    fn sign(&self, body: &str, at: Timestamp) -> String {
        signature(&self.secret, jiff::Timestamp::from_second(at.as_seconds()).unwrap(), body)
    }

    async fn order(&self) -> Order {
        self.scene.reader.order(id(ORDER)).await.unwrap().unwrap()
    }

    async fn stock(&self) -> Stock {
        self.scene.reader.product(id(PRODUCT)).await.unwrap().unwrap().stock
    }
}

/// The event of a webhook with this signature.
fn webhook(body: &Value, signed: &str) -> Value {
    lambda_event::of_request("POST", "/v1/payments/webhook", &[("stripe-signature", signed)], Some(body))
}

/// What the gateway sends of the payment of [`ORDER`].
fn report(event_id: &str, kind: &str, amount: i64, currency: &str) -> Value {
    json!({
        "id": event_id,
        "object": "event",
        "type": kind,
        "data": { "object": {
            "id": INTENT,
            "object": "payment_intent",
            "amount": amount,
            "amount_received": amount,
            "currency": currency,
            "metadata": { "order_id": ORDER },
            "status": "succeeded",
        } },
        "livemode": false,
    })
}

/// That all of the order was paid.
fn paid(event_id: &str) -> Value {
    report(event_id, "payment_intent.succeeded", 3_998, "eur")
}

fn total() -> Money {
    cents(3_998)
}

fn capture() -> FulfilmentTransition {
    FulfilmentTransition::Captured(Capture { gateway_id: GatewayId(INTENT.to_owned()), amount: total() })
}

fn stock(available: i64, reserved: i64, sold: i64) -> Stock {
    Stock { available, reserved, sold }
}

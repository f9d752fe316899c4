//! Tests of `api-payments`: API Gateway events through the router, on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod discrepancies;
mod events;
mod get;
mod webhook_outcomes;
mod webhook_signature;

use std::time::Duration;

use axum::Router;
use serde_json::{Value, json};
use shared::api::QueryState;
use shared::domain::order::Order;
use shared::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition};
use shared::domain::order::payment::{Capture, Checkout, ClientSecret, GatewayId};
use shared::domain::product::Stock;
use shared::domain::values::actor::Actor;
use shared::domain::values::money::Money;
use shared::kit::system::clock::{Clock, SystemClock, Timestamp};
use shared::payment_gateway::webhook::WebhookVerifier;
use shared::repository::product::ProductReader;
use stripe_sandbox::signature;
use test_support::fixture::{Marketplace, ORDER, PRODUCT, cents, id};
use test_support::lambda_event;
use test_support::lambda_event::RouterResponse;

/// Id of the payment at the gateway.
const INTENT: &str = "pi_3P0mugs2eZvKYlo2C0mugs01";
/// Time within which orders must be paid.
const PAYMENT_WINDOW: Duration = Duration::from_hours(24);

/// The function on a table.
struct Payments {
    marketplace: Marketplace,
    router: Router,
    secret: String,
}

impl Payments {
    /// With the users, the market and its product.
    async fn open() -> Self {
        let marketplace = Marketplace::with_sample_data().await;
        let env = marketplace.env("api-payments");
        let app = QueryState::new(&env, marketplace.reader.clone()).unwrap();
        let webhooks =
            api_payments::gateway_router(marketplace.store.clone(), WebhookVerifier::from_env(&env).unwrap());
        let secret = env.text("AGORA_PAYMENT_WEBHOOK_SECRET").unwrap().to_owned();
        Self { marketplace, router: api_payments::router(app).merge(webhooks), secret }
    }

    /// With an order of two mugs that awaits its payment.
    async fn awaiting() -> Self {
        let payments = Self::open().await;
        payments.marketplace.order(None).await;
        payments.advance(FulfilmentTransition::Reserve).await;
        let client_secret = ClientSecret("pi_1_secret".to_owned());
        let checkout = Checkout { gateway_id: GatewayId(INTENT.to_owned()), client_secret };
        payments.advance(FulfilmentTransition::Payable(checkout)).await;
        payments
    }

    /// With an order of two mugs that is being charged.
    async fn charging() -> Self {
        let payments = Self::open().await;
        payments.marketplace.order(Some("pm_card_visa")).await;
        payments.advance(FulfilmentTransition::Reserve).await;
        payments
    }

    async fn advance(&self, by: FulfilmentTransition) {
        self.marketplace.run(AdvanceOrder { id: id(ORDER), by, payment_window: PAYMENT_WINDOW }).await;
    }

    /// Sends an event.
    async fn send(&self, event: &Value) -> RouterResponse {
        lambda_event::send(&self.router, event).await
    }

    async fn get(&self, by: Actor, path: &str) -> RouterResponse {
        let token = self.marketplace.token(by);
        self.send(&lambda_event::request_event("GET", path, &[("authorization", &token)], None)).await
    }

    /// Sends a webhook that is signed now.
    async fn report(&self, body: &Value) -> RouterResponse {
        let signature = self.sign(&body.to_string(), SystemClock.now());
        self.send(&webhook(body, &signature)).await
    }

    fn sign(&self, body: &str, at: Timestamp) -> String {
        signature(&self.secret, jiff::Timestamp::from_second(at.as_seconds()).unwrap(), body)
    }

    async fn order(&self) -> Order {
        self.marketplace.reader.order(id(ORDER)).await.unwrap().unwrap()
    }

    async fn stock(&self) -> Stock {
        self.marketplace.reader.product(id(PRODUCT)).await.unwrap().unwrap().stock
    }
}

/// API Gateway event of a webhook with this signature.
fn webhook(body: &Value, signature: &str) -> Value {
    lambda_event::request_event(
        "POST",
        "/v1/payments/webhook",
        &[("stripe-signature", signature)],
        Some(body),
    )
}

/// Webhook body for the payment of [`ORDER`].
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

/// Webhook body for a full payment of [`ORDER`].
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

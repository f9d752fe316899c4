//! Tests of `api-payments`: API Gateway events through the router, on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod discrepancies;
mod events;
mod get;
mod ledger;
mod ledger_life;
mod refund_webhooks;
mod webhook_outcomes;
mod webhook_signature;

use serde_json::{Value, json};
use shared::api::QueryState;
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::order::payment::{Capture, Checkout, ClientSecret, GatewayId};
use shared::domain::values::money::Money;
use shared::kit::system::clock::{Clock, SystemClock, Timestamp};
use shared::payment_gateway::StripeGateway;
use shared::payment_gateway::webhook::WebhookVerifier;
use stripe_sandbox::signature;
use test_support::api_function::{ApiFunction, ApiRequest};
use test_support::fixture::{Marketplace, ORDER, cents};
use test_support::lambda_event::RouterResponse;

/// Id of the payment at the gateway.
const INTENT: &str = "pi_3P0mugs2eZvKYlo2C0mugs01";

/// The function on a table.
struct Payments {
    marketplace: Marketplace,
    api: ApiFunction,
    secret: String,
}

impl Payments {
    /// With the users, the market and its product.
    async fn open() -> Self {
        let marketplace = Marketplace::with_sample_data().await;
        let env = marketplace.env("api-payments");
        let app = QueryState::new(&env, marketplace.reader.clone()).unwrap();
        let (store, gateway) = (marketplace.store.clone(), StripeGateway::from_env(&env).unwrap());
        let verifier = WebhookVerifier::from_env(&env).unwrap();
        let webhooks = api_payments::gateway_router(store, verifier, gateway);
        let secret = env.text("AGORA_PAYMENT_WEBHOOK_SECRET").unwrap().to_owned();
        let api = ApiFunction::new(&marketplace, api_payments::router(app).merge(webhooks));
        Self { marketplace, api, secret }
    }

    /// With an order of two mugs that awaits its payment.
    async fn awaiting() -> Self {
        let payments = Self::open().await;
        payments.marketplace.order(None).await;
        payments.marketplace.advance(FulfilmentTransition::Reserve).await;
        let client_secret = ClientSecret("pi_1_secret".to_owned());
        let checkout = Checkout { gateway_id: GatewayId(INTENT.to_owned()), client_secret };
        payments.marketplace.advance(FulfilmentTransition::Payable(checkout)).await;
        payments
    }

    /// With an order of two mugs that is being charged.
    async fn charging() -> Self {
        let payments = Self::open().await;
        payments.marketplace.order(Some("pm_card_visa")).await;
        payments.marketplace.advance(FulfilmentTransition::Reserve).await;
        payments
    }

    /// Sends a webhook that is signed now.
    async fn report(&self, body: &Value) -> RouterResponse {
        let signature = self.sign(&body.to_string(), SystemClock.now());
        self.webhook(body, &signature).await
    }

    fn sign(&self, body: &str, at: Timestamp) -> String {
        signature(&self.secret, jiff::Timestamp::from_second(at.as_seconds()).unwrap(), body)
    }

    /// Starts the request of a webhook with this signature.
    fn webhook(&self, body: &Value, signature: &str) -> ApiRequest<'_> {
        self.api.post("/v1/payments/webhook").header("stripe-signature", signature).json(body)
    }
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

//! Payments over HTTP: what was paid, and what the gateway reports by itself.

mod body;
mod get;
mod signed;
mod webhook;

use axum::Router;
use axum::routing::{get, post};
use shared::api::App;
use shared::command::Store;
use shared::gateway::webhook::WebhookVerifier;
use shared::repository::payment::PaymentReader;
use shared::repository::user::UserReader;

/// The routes of people.
pub fn router<S: Store, Q: PaymentReader + UserReader>(app: App<S, Q>) -> Router {
    Router::new().route("/v1/payments/{id}", get(get::get_payment)).with_state(app)
}

/// The routes of the gateway, which no limit keeps from reporting.
pub fn gateway_router<S: Store>(store: S, verifier: WebhookVerifier) -> Router {
    Router::new()
        .route("/v1/payments/webhook", post(webhook::receive_webhook))
        .with_state(webhook::Webhooks { store, verifier })
}

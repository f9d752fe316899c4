//! Payments over HTTP: what was paid, and what the gateway reports by itself.

mod body;
mod discrepancies;
mod get;
mod webhook;
mod webhook_signature;

use axum::Router;
use shared::api::AppState;
use shared::kit::command::Store;
use shared::kit::http::openapi::RouteBuilder;
use shared::payment_gateway::webhook::WebhookVerifier;
use shared::repository::payment::PaymentReader;
use shared::repository::payment::discrepancy::DiscrepancyReader;
use shared::repository::user::UserReader;

pub use webhook::WebhookState;

/// The routes of people.
pub fn routes<S, Q, R>(routes: R) -> R
where
    S: Store,
    Q: PaymentReader + DiscrepancyReader + UserReader,
    R: RouteBuilder<AppState<S, Q>>,
{
    routes.get("/v1/payments/discrepancies", discrepancies::list_discrepancies, DISCREPANCIES).get(
        "/v1/payments/{id}",
        get::get_payment,
        "Show what was paid for an order",
    )
}

const DISCREPANCIES: &str =
    "List payments that the payment gateway's books and ours contradict each other about";

/// The routes of the gateway, which no limit keeps from reporting.
pub fn gateway_routes<S: Store, R: RouteBuilder<WebhookState<S>>>(routes: R) -> R {
    routes.post("/v1/payments/webhook", webhook::receive_webhook, "Hear from the payment gateway")
}

/// The router of people.
pub fn router<S, Q>(app: AppState<S, Q>) -> Router
where
    S: Store,
    Q: PaymentReader + DiscrepancyReader + UserReader,
{
    routes(Router::new()).with_state(app)
}

/// The router of the gateway.
pub fn gateway_router<S: Store>(store: S, verifier: WebhookVerifier) -> Router {
    gateway_routes(Router::new()).with_state(WebhookState { store, verifier })
}

//! The function `api-payments`: payments, discrepancies with the payment gateway, and its webhooks.

mod body;
mod discrepancies;
mod get;
mod webhook;
mod webhook_signature;
mod webhook_state;

use std::sync::Arc;

use shared::api::QueryState;
use shared::kit::command::Store;
use shared::kit::error::ErrorCode;
use shared::kit::http::openapi::{ApiRouter, OperationDoc, RouteBuilder};
use shared::payment_gateway::PaymentGateway;
use shared::payment_gateway::webhook::WebhookVerifier;

pub use webhook_state::WebhookState;

/// Adds the routes of the users.
pub fn routes<R: RouteBuilder<QueryState>>(routes: R) -> R {
    routes.get("/v1/payments/discrepancies", discrepancies::list_discrepancies, LIST_DISCREPANCIES).get(
        "/v1/payments/{id}",
        get::get_payment,
        GET,
    )
}

const LIST_DISCREPANCIES: OperationDoc =
    OperationDoc::new("List payments on which the gateway's ledger and ours disagree").with_description(
        "Lists the discrepancies that the reconciliation with the payment gateway has found, most \
         recently found first; moderators and administrators have the permission. They cannot be \
         repaired automatically: an operator compares `atGateway` with `onRecord` and decides. The \
         difference `refund_failed` means that the money of a failed refund is not refunded yet: the \
         seller or an administrator requests another refund.\n\n\
         The reconciliation runs periodically. It confirms an open discrepancy by updating \
         `lastSeenAt`, and closes it once the ledgers agree. Closed discrepancies are deleted after 90 \
         days.",
    );

const GET: OperationDoc = OperationDoc::new("Get the payment of an order").with_description(
    "Returns the amounts captured and refunded for an order. The buyer and the seller of the order and \
     callers with the permission `payments:read-any` (moderators and administrators) can read it; for \
     other callers, it does not exist.\n\n\
     An order has a payment (`paymentId`) once the payment gateway has captured the money; before, the \
     response is `NOT_FOUND`. Pending refunds are not contained in `refunded`: see \
     `GET /v1/orders/{id}`. With `If-None-Match`, the response is 304 as long as the payment has not \
     changed.",
);

/// Adds the route of the payment gateway, which has no rate limit.
pub fn gateway_routes<S, G, R>(routes: R) -> R
where
    S: Store,
    G: PaymentGateway + 'static,
    R: RouteBuilder<WebhookState<S, G>>,
{
    routes.post("/v1/payments/webhook", webhook::receive_webhook, RECEIVE_WEBHOOK)
}

const RECEIVE_WEBHOOK: OperationDoc = OperationDoc::new("Receive a payment-gateway webhook")
    .with_description(
        "Called by the payment gateway only, not by clients: `Stripe-Signature` must be made with the \
         shared secret (`INVALID_SIGNATURE`), and its time must be at most five minutes in the past or \
         future (`STALE_WEBHOOK`). There is no rate limit.\n\n\
         An event about a payment is processed once, by its `id`; further deliveries return 200 without \
         an effect. `payment_intent.succeeded` confirms the order that awaits this payment; a payment that \
         does not match the order is refunded asynchronously. `payment_intent.payment_failed` records the \
         declined payment in the timeline of the order. `charge.refunded`, `charge.refund.updated`, \
         `refund.created`, `refund.updated` and `refund.failed` record the present state of all refunds \
         of the payment, which each delivery reads from the gateway; if the gateway does not respond, the \
         response is `SERVICE_UNAVAILABLE`. Other events are acknowledged and ignored. After an error \
         response, the gateway delivers the event again.",
    )
    .with_errors(&[ErrorCode::ServiceUnavailable]);

/// Creates the router of the users' routes.
pub fn router(app: QueryState) -> ApiRouter {
    routes(ApiRouter::new()).with_state(app)
}

/// Creates the router of the gateway's route.
pub fn gateway_router<S, G>(store: S, verifier: WebhookVerifier, gateway: G) -> ApiRouter
where
    S: Store,
    G: PaymentGateway + 'static,
{
    let gateway = Arc::new(gateway);
    gateway_routes(ApiRouter::new()).with_state(WebhookState { store, verifier, gateway })
}

//! The function `api-payments`: payments, the ledger, discrepancies with the payment gateway, and its webhooks.

mod body;
mod discrepancies;
mod get;
mod ledger;
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
    routes
        .get("/v1/payments/discrepancies", discrepancies::list_discrepancies, LIST_DISCREPANCIES)
        .get("/v1/payments/{id}", get::get_payment, GET)
        .get("/v1/markets/{id}/balance", ledger::balance::get_balance, BALANCE)
        .get("/v1/markets/{id}/ledger", ledger::entries::list_entries, LIST_ENTRIES)
        .get("/v1/ledger/trial-balance", ledger::trial_balance::get_trial_balance, TRIAL_BALANCE)
}

const BALANCE: OperationDoc = OperationDoc::new("Get the balance of a market")
    .with_description(
        "Returns the money that the marketplace holds for the seller of a market, in each currency. `pending` is the money \
         from paid orders that are not delivered yet; it becomes `available` with the delivery, or at once if nothing is \
         shipped. The commission of the marketplace is already subtracted from both. A refund reduces them when it is \
         decided, and returns the commission on what is refunded, unless the marketplace keeps it.\n\n\
         `available` is below zero if orders were refunded after their money was paid out. The balances are updated a \
         little later than the orders: `GET /v1/markets/{id}/ledger` lists the entries of which they are the sums.\n\n\
         Only the creator of the market and callers with the permission `ledger:read-any` (moderators and \
         administrators) can read them, also after the market was deleted.",
    )
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::NotFound])
    .with_operation_id("getMarketBalance");

const LIST_ENTRIES: OperationDoc = OperationDoc::new("List the journal entries of a market")
    .with_description(
        "Lists the entries of the double-entry journal that the orders of a market have caused, newest first. Each entry \
         belongs to one change of an order and is stored together with it. Its postings add up to 0 in each currency, and \
         never change.\n\n\
         Amounts are debit positive. `gateway` is what the payment gateway holds, `seller:pending` and \
         `seller:available` are what the marketplace owes to the seller, `refunds:owed` what it owes to buyers, and \
         `platform:commission` what it has earned: these are below zero as long as money is owed or earned. A sale of \
         105.00 EUR with 10.00 EUR of commission posts 10500 to `gateway`, -9500 to `seller:pending` and -1000 to \
         `platform:commission`; the delivery posts 9500 to `seller:pending` and -9500 to `seller:available`.\n\n\
         `orderId` lists the entries of one order, from which its whole life can be read. `pagination.total` counts up to \
         40000 entries. Only the creator of the market and callers with the permission `ledger:read-any` can list the \
         entries, also after the market was deleted.",
    )
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::NotFound])
    .with_operation_id("listMarketEntries");

const TRIAL_BALANCE: OperationDoc = OperationDoc::new("Get the trial balance of the marketplace").with_description(
    "Returns the balances of all accounts of the ledger, in each currency: moderators and administrators have the \
     permission `ledger:read-any`. Their `sum` is 0, because the postings of each journal entry add up to 0. `gateway` is \
     what the payment gateway holds for orders that are recorded. The balances are updated a little later than the orders.",
);

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

//! OpenAPI description of the API, generated from the routes of all functions.
//!
//! `api-meta` serves the description but does not depend on the other functions. The description is therefore
//! written to a file in that function's folder, and a test compares the file with [`document`]. Regenerate it
//! with `make openapi`.

use serde_json::Value;
use shared::kit::aws::dynamodb::DynamoStore;
use shared::kit::http::openapi::Document;
use shared::messaging::event_catalogue;
use shared::payment_gateway::StripeGateway;

/// Path of the description, relative to the root of the repository.
pub const PATH: &str = "functions/api-meta/openapi.json";

const ABOUT: &str = "\
A marketplace: users register, create markets and products, and place and pay for orders.

**Getting started.** `POST /v1/auth/register` for a seller and for a buyer; `POST /v1/auth/login` for their \
access tokens; `POST /v1/markets` with a product as the seller; `POST /v1/orders` with `paymentMethod` \
`pm_card_visa` as the buyer. The order is `pending` at first and `confirmed` shortly after: poll \
`GET /v1/orders/{id}`. The seller refunds it, or lines of it, with `POST /v1/orders/{id}/refund`.

**Shipping and taxes.** The seller sets them with `PUT /v1/markets/{id}/shipping` and \
`PUT /v1/markets/{id}/tax`. `POST /v1/quotes` then returns the shipping options for a country, and with an \
address and one of them the lines and the total; order with the same fields and the total as `expectedTotal`.

**Versioning.** The first segment of the path, `/v1`, is the version of the API. An incompatible change \
gets a new version.

**Requests and responses.** Bodies are JSON in UTF-8. The result is in `data`; lists also have \
`pagination`. Optional fields without a value are \
absent or `null`, as their schema states; arrays are always present. Requests with unknown fields or \
parameters are refused.

**Text.** Texts are stored in Unicode normalisation form C (NFC), without leading and trailing white space; \
lengths are counted in characters of this form. Control characters, line separators and invisible characters (zero-width and bidirectional \
controls outside of words and emoji) are refused, and a text needs a visible character. Descriptions may \
contain line feeds. In e-mail addresses, only ASCII characters are allowed before the `@`; the domain can be \
in Unicode or in ASCII (`xn--`), and responses show it in Unicode. Equivalent Unicode forms of a password \
are the same password (RFC 8265).

**Authentication.** Send the access token as `Authorization: Bearer <accessToken>`. It expires after 15 \
minutes; get the next one with `POST /v1/auth/refresh`.

**Errors.** Errors are problem details (RFC 9457, `application/problem+json`). Handle them by `error.code`, \
whose meaning never changes; messages may change. A `VALIDATION_ERROR` lists all invalid fields at once in \
`error.fields`. Quote `instance`, the request id, when you report a problem.

**Idempotency keys.** Send a unique `Idempotency-Key` with a `POST`, `PUT`, `PATCH` or `DELETE` request \
that documents the header, and repeat the request with the same key if the response is lost. Within 24 \
hours, the repetition is not executed again: it returns the first response with the header \
`Idempotent-Replay: true`. The same key with a different request is refused with `IDEMPOTENCY_KEY_REUSED`.

**Pagination.** Read a list by `page` or by `offset`, which reach the first 10,000 items if \
the items before them are not larger than 2 MB, or by `cursor`, which reaches all. `limit` is the page size. \
All three show the same sequence; to continue from any page, pass `pagination.nextCursor` as `cursor` until \
it is absent. A cursor is valid for the same caller, filter \
and sort order only. `pagination.total` may lag behind recent changes.

**Optimistic locking.** The `ETag` of a resource identifies its version. Operations with the header \
`If-Match` change only this version: without the header, the request is refused with \
`PRECONDITION_REQUIRED`, and with `VERSION_MISMATCH` if the resource has changed since. `If-Match: *` \
accepts any version. Send the `ETag` in `If-None-Match` with a `GET` request to receive 304 if the resource \
has not changed. An `ETag` is opaque: send it as it was received. A response with `Content-Encoding: gzip` \
has another `ETag` than the uncompressed one; both headers accept either.

**Rate limits.** Reads, writes and new orders are limited separately, per user (without an access token: \
per IPv4 address or IPv6 /64 network). The limit holds in every period of the length of its window, a minute \
unless the operator has set another. `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset`, \
and likewise `RateLimit` and `RateLimit-Policy`, show the limit, the remaining requests and the seconds \
until the oldest counted requests leave the window. Over the limit, requests are refused with \
`RATE_LIMITED`; wait for the seconds in `Retry-After`, which `error.retryAfter` contains as well.";

/// The description as an OpenAPI 3.1 document.
#[must_use]
pub fn document() -> Value {
    let document = Document::default();
    let document = document
        .section("Accounts", "Registration, login, e-mail verification, password reset, and user accounts.");
    let document = api_auth::routes(document);
    let document = api_users::routes(document);
    let document = document.section("Markets", "Markets of the sellers.");
    let document = api_markets::routes(document);
    let document = document.section("Products", "Products and their stock.");
    let document = api_products::routes(document);
    let document = document.section("Search", "Full-text search over markets and products.");
    let document = api_search::routes(document);
    let document = document.section("Orders", "Orders, from creation to delivery and refund.");
    let document = api_orders::routes(document);
    let document = document.section("Jobs", "Background jobs and their results.");
    let document = api_jobs::job_routes(document);
    let document =
        document.section("Dead letters", "Messages that could not be processed, for inspection and redrive.");
    let document = api_jobs::dead_letter_routes(document);
    let document = document.section("Events", "Log of the changes of all resources.");
    let document = event_catalogue::describe(api_events::routes(document));
    let document = document.section(
        "Payments",
        "Payments of orders, the ledger, discrepancies with the payment gateway, and its webhooks.",
    );
    let document = api_payments::routes(document);
    let document =
        api_payments::gateway_routes::<DynamoStore, StripeGateway, _>(document.without_rate_limit());
    let document = document.section("System", "Health checks and the API description.").without_rate_limit();
    let document = api_meta::routes(document);
    document.render("Agora", env!("CARGO_PKG_VERSION"), ABOUT)
}

/// The description as text of the file.
#[must_use]
pub fn text() -> String {
    format!("{:#}\n", document())
}

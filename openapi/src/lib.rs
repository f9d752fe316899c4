//! The description of the API, made of the routes of all functions.
//!
//! `api-meta` serves it, and knows no other function; so it is written into that function's folder, and a test holds the file
//! against [`document`]. Write it anew with `make openapi`.

use api_meta::QueueProbe;
use serde_json::Value;
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore};
use shared::kit::http::openapi::Document;
use shared::repository::cached::CachedReader;
use shared::search::{HashingEmbedder, Search};

/// Where the description stands, from the root of the repository.
pub const PATH: &str = "functions/api-meta/openapi.json";

type Store = DynamoStore;
type Reader = DynamoReader;

const ABOUT: &str = "\
A marketplace: people register, open markets, list products, and place and pay for orders.

Requests and answers are JSON. What is asked for comes in `data`; lists add `pagination`. An error is a problem of RFC 9457 \
whose `error.code` never changes its meaning, with all failing fields at once.

A first order: `POST /v1/auth/register` twice, for a seller and a buyer; `POST /v1/auth/login` for their access tokens; the \
seller's `POST /v1/markets` with a product; the buyer's `POST /v1/orders` with `paymentMethod` `pm_card_visa`. The order is \
`pending`, and `confirmed` a moment later. The seller gives money back with `POST /v1/orders/{id}/refund`.";

/// The description, in OpenAPI 3.1.
#[must_use]
pub fn document() -> Value {
    let document = Document::default();
    let document = document.section("Accounts", "Register, log in, verify, reset; people's accounts.");
    let document = api_auth::routes::<Store, Reader, _>(document);
    let document = api_users::routes::<Store, Reader, _>(document);
    let document = document.section("Markets", "Where people sell.");
    let document = api_markets::routes::<Store, CachedReader<Reader>, _>(document);
    let document = document.section("Products", "What is sold, and how much of it there is.");
    let document = api_products::routes::<Store, CachedReader<Reader>, _>(document);
    let document = document.section("Search", "Markets and products, by what they are about.");
    let document = api_search::routes::<Store, Search<Reader, HashingEmbedder>, _>(document);
    let document = document.section("Orders", "What is bought, from placing to delivery and refund.");
    let document = api_orders::routes::<Store, Reader, _>(document);
    let document = document.section("Jobs", "Work that takes longer than a request, and what it makes.");
    let document = api_jobs::job_routes::<Store, Reader, _>(document);
    let document =
        document.section("Dead letters", "Messages that could not be processed, to be read and put right.");
    let document = api_jobs::dead_letter_routes::<Store, Reader, _>(document);
    let document = document.section("Payments", "What was paid.");
    let document = api_payments::routes::<Store, Reader, _>(document);
    let document = api_payments::gateway_routes::<Store, _>(document.without_rate_limit());
    let document = document.section("System", "The system about itself.").without_rate_limit();
    let document = api_meta::routes::<Reader, QueueProbe, _>(document);
    document.render("Agora", env!("CARGO_PKG_VERSION"), ABOUT)
}

/// The description as the file has it.
#[must_use]
pub fn text() -> String {
    format!("{:#}\n", document())
}

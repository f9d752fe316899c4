//! Tests of the HTTP API of products: API Gateway events are sent through the router to an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod adjust_stock;
mod create;
mod events;
mod get;
mod list;
mod update_delete;

use axum::Router;
use serde_json::{Value, json};
use shared::api::CommandState;
use shared::domain::values::actor::Actor;
use shared::repository::cached::CachedReader;
use test_support::fixture::Marketplace;
use test_support::lambda_event;
use test_support::lambda_event::RouterResponse;

/// Router of the function, with an embedded table.
struct Products {
    marketplace: Marketplace,
    router: Router,
}

impl Products {
    /// Creates a table with the sample users, market and product.
    async fn new() -> Self {
        let marketplace = Marketplace::with_sample_data().await;
        let app = CommandState::new(
            &marketplace.env("api-products"),
            marketplace.store.clone(),
            CachedReader::uncached(marketplace.reader.clone()),
        )
        .unwrap();
        Self { marketplace, router: api_products::router(app) }
    }

    /// Sends an event.
    async fn send(&self, event: &Value) -> RouterResponse {
        lambda_event::send(&self.router, event).await
    }

    /// Sends a `GET` request without a token.
    async fn get(&self, path: &str) -> RouterResponse {
        self.send(&lambda_event::request_event("GET", path, &[], None)).await
    }

    /// Sends a `GET` request of `by`.
    async fn get_as(&self, by: Actor, path: &str) -> RouterResponse {
        let token = self.marketplace.token(by);
        self.send(&lambda_event::request_event("GET", path, &[("authorization", &token)], None)).await
    }

    /// Sends a `POST` request of `by` with additional headers.
    async fn post(&self, by: Actor, path: &str, headers: &[(&str, &str)], body: &Value) -> RouterResponse {
        let token = self.marketplace.token(by);
        let mut all = vec![("authorization", token.as_str())];
        all.extend(headers);
        self.send(&lambda_event::request_event("POST", path, &all, Some(body))).await
    }
}

/// Request body that creates a product.
fn product(sku: &str) -> Value {
    json!({ "sku": sku, "title": "Cup", "price": { "amount": 500, "currency": "EUR" }, "stock": 3 })
}

/// Status and error code of a response; the code is empty if there is no error.
fn status_and_code(response: &RouterResponse) -> (u16, String) {
    (response.status.as_u16(), response.code())
}

/// Paths of the invalid fields in a response.
fn fields(response: &RouterResponse) -> Vec<String> {
    let fields = response.json()["error"]["fields"].as_object().cloned().unwrap_or_default();
    fields.keys().cloned().collect()
}

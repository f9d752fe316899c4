//! Tests of the HTTP API of products: API Gateway events are sent through the router to an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod adjust_stock;
mod create;
mod events;
mod get;
mod list;
mod update_delete;

use serde_json::{Value, json};
use shared::api::CommandState;
use shared::repository::cached::CachedReader;
use test_support::api_function::ApiFunction;
use test_support::fixture::Marketplace;

/// The function on a marketplace.
struct Products {
    marketplace: Marketplace,
    api: ApiFunction,
}

impl Products {
    /// Creates a table with the sample users, market and product.
    async fn new() -> Self {
        let marketplace = Marketplace::with_sample_data().await;
        let (env, store) = (marketplace.env("api-products"), marketplace.store.clone());
        let reader = CachedReader::uncached(marketplace.reader.clone());
        let app = CommandState::new(&env, store, reader).unwrap();
        Self { api: ApiFunction::new(&marketplace, api_products::router(app)), marketplace }
    }
}

/// Request body that creates a product.
fn product(sku: &str) -> Value {
    json!({ "sku": sku, "title": "Cup", "price": { "amount": 500, "currency": "EUR" }, "stock": 3 })
}

//! Tests of the HTTP API of products: API Gateway events are sent through the router to an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod adjust_stock;
mod create;
mod events;
mod get;
mod list;
mod list_filters;
mod update_delete;
mod write_through;

use serde_json::{Value, json};
use shared::api::CommandState;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::repository::cached::CachedReader;
use test_support::api_function::ApiFunction;
use test_support::capacity_meter::CapacityMeter;
use test_support::fixture::Marketplace;

/// The function on a marketplace.
struct Products {
    marketplace: Marketplace,
    api: ApiFunction,
    /// Meter of the reads of the function.
    meter: CapacityMeter,
}

impl Products {
    /// Creates a table with the sample users, market and product.
    async fn new() -> Self {
        Self::reading(CachedReader::uncached).await
    }

    /// Creates the same table, with the cache of an instance.
    async fn cached() -> Self {
        Self::reading(CachedReader::new).await
    }

    async fn reading(cached: impl FnOnce(DynamoReader) -> CachedReader<DynamoReader>) -> Self {
        let marketplace = Marketplace::with_sample_data().await;
        let (env, store) = (marketplace.env("api-products"), marketplace.store.clone());
        let meter = CapacityMeter::default();
        let reader = cached(DynamoReader::new(meter.on(&marketplace.table)));
        let app = CommandState::new(&env, store, reader).unwrap();
        Self { api: ApiFunction::new(&marketplace, api_products::router(app)), marketplace, meter }
    }
}

/// Request body that creates a product.
fn product(sku: &str) -> Value {
    json!({ "sku": sku, "title": "Cup", "price": { "amount": 500, "currency": "EUR" }, "stock": 3 })
}

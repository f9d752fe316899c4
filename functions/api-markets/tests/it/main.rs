//! Tests of the HTTP API of markets: API Gateway events are sent through the router to an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod create;
mod events;
mod fields_and_include;
mod get;
mod list;
mod pagination;
mod settings;
mod stats;
mod update_delete;
mod write_through;

use serde_json::Value;
use shared::api::CommandState;
use shared::domain::market::totals::MarketTotals;
use shared::domain::values::actor::Actor;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::command::{NoEvents, Version};
use shared::repository::cached::CachedReader;
use shared::repository::market::MarketReader;
use test_support::api_function::{ApiFunction, ApiRequest};
use test_support::capacity_meter::CapacityMeter;
use test_support::fixture::{Marketplace, id};

/// The function on a marketplace.
struct Markets {
    marketplace: Marketplace,
    api: ApiFunction,
    /// Meter of the reads of the function.
    meter: CapacityMeter,
}

impl Markets {
    /// Creates a table with the sample users, market and product.
    async fn new() -> Self {
        Self::with(Marketplace::with_sample_data().await)
    }

    /// Uses the table of `marketplace`.
    fn with(marketplace: Marketplace) -> Self {
        Self::reading(marketplace, CachedReader::uncached)
    }

    /// Uses the table of `marketplace`, with the cache of an instance.
    fn cached(marketplace: Marketplace) -> Self {
        Self::reading(marketplace, CachedReader::new)
    }

    fn reading(
        marketplace: Marketplace,
        cached: impl FnOnce(DynamoReader) -> CachedReader<DynamoReader>,
    ) -> Self {
        let meter = CapacityMeter::default();
        let reader = cached(DynamoReader::new(meter.on(&marketplace.table)));
        let app =
            CommandState::new(&marketplace.env("api-markets"), marketplace.store.clone(), reader).unwrap();
        let api = ApiFunction::new(&marketplace, api_markets::router(app));
        Self { marketplace, api, meter }
    }

    /// Stores totals of markets with these volumes, in cents.
    async fn count_sales(&self, volumes: &[(&str, i64)]) {
        for (market, volume) in volumes {
            let market = self.marketplace.reader.market(id(market)).await.unwrap().unwrap();
            let (market_id, status) = (market.id, market.status);
            let version = Version::FIRST;
            let totals = MarketTotals {
                market_id,
                version,
                status,
                orders: 1,
                volume: *volume,
                recount: None,
                resetting: false,
            };
            self.marketplace.put_entity(totals, NoEvents).await;
        }
    }

    /// Starts a request of `by` that creates a market.
    fn create(&self, by: Actor, body: &Value) -> ApiRequest<'_> {
        self.api.post("/v1/markets").by(by).json(body)
    }
}

//! Tests of the HTTP API of markets: API Gateway events are sent through the router to an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod create;
mod events;
mod fields_and_include;
mod get;
mod list;
mod pagination;
mod stats;
mod update_delete;

use axum::Router;
use serde_json::Value;
use shared::api::CommandState;
use shared::domain::market::totals::MarketTotals;
use shared::domain::values::actor::Actor;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::command::{NoEvents, Version};
use shared::repository::cached::CachedReader;
use shared::repository::market::MarketReader;
use test_support::fixture::{Marketplace, id};
use test_support::lambda_event;
use test_support::lambda_event::RouterResponse;
use test_support::read_units::ReadUnitMeter;

/// Router of the function, with an embedded table.
struct Markets {
    marketplace: Marketplace,
    router: Router,
    /// Meter of the reads of the function.
    meter: ReadUnitMeter,
}

impl Markets {
    /// Creates a table with the sample users, market and product.
    async fn new() -> Self {
        Self::with(Marketplace::with_sample_data().await)
    }

    /// Uses the table of `marketplace`.
    fn with(marketplace: Marketplace) -> Self {
        let meter = ReadUnitMeter::default();
        let reader = CachedReader::uncached(DynamoReader::new(meter.on(&marketplace.table)));
        let app =
            CommandState::new(&marketplace.env("api-markets"), marketplace.store.clone(), reader).unwrap();
        Self { marketplace, router: api_markets::router(app), meter }
    }

    /// Stores totals of markets with these volumes, in cents.
    async fn count_sales(&self, volumes: &[(&str, i64)]) {
        for (market, volume) in volumes {
            let market = self.marketplace.reader.market(id(market)).await.unwrap().unwrap();
            let (market_id, status) = (market.id, market.status);
            let version = Version::FIRST;
            let totals = MarketTotals { market_id, version, status, orders: 1, volume: *volume };
            self.marketplace.put_entity(totals, NoEvents).await;
        }
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

    /// Creates a market as `by`.
    async fn create(&self, by: Actor, headers: &[(&str, &str)], body: &Value) -> RouterResponse {
        let token = self.marketplace.token(by);
        let mut all = vec![("authorization", token.as_str())];
        all.extend(headers);
        self.send(&lambda_event::request_event("POST", "/v1/markets", &all, Some(body))).await
    }
}

/// Paths of the invalid fields in a response.
fn fields(response: &RouterResponse) -> Vec<String> {
    let fields = response.json()["error"]["fields"].as_object().cloned().unwrap_or_default();
    fields.keys().cloned().collect()
}

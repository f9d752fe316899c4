//! Markets over HTTP: events of API Gateway, through the router, on an embedded table.

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
use shared::api::AppState;
use shared::domain::market::totals::MarketTotals;
use shared::domain::values::actor::Actor;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::command::{NoEvents, Version};
use shared::repository::market::MarketReader;
use test_support::fixture::{Marketplace, id};
use test_support::lambda_event;
use test_support::lambda_event::Answer;
use test_support::read_units::ReadUnitMeter;

/// The function on a table.
struct Markets {
    scene: Marketplace,
    router: Router,
    /// Of what the function reads.
    meter: ReadUnitMeter,
}

impl Markets {
    /// With the people, the market and its product.
    async fn open() -> Self {
        Self::on(Marketplace::open().await)
    }

    /// On this table.
    fn on(scene: Marketplace) -> Self {
        let meter = ReadUnitMeter::default();
        let reader = DynamoReader::new(meter.on(&scene.table));
        let app = AppState::new(&scene.env("api-markets"), scene.store.clone(), reader).unwrap();
        Self { scene, router: api_markets::router(app), meter }
    }

    /// Puts figures beside markets, as if so much had been sold in each, in cents.
    async fn count_sales(&self, volumes: &[(&str, i64)]) {
        for (market, volume) in volumes {
            let market = self.scene.reader.market(id(market)).await.unwrap().unwrap();
            let (market_id, status) = (market.id, market.status);
            let version = Version::FIRST;
            let figures = MarketTotals { market_id, version, status, orders: 1, volume: *volume };
            self.scene.put_entity(figures, NoEvents).await;
        }
    }

    /// The answer to an event, whatever it is.
    async fn send(&self, event: &Value) -> Answer {
        lambda_event::send(&self.router, event).await
    }

    /// The answer to a `GET` of nobody's in particular.
    async fn get(&self, path: &str) -> Answer {
        self.send(&lambda_event::of_request("GET", path, &[], None)).await
    }

    /// The answer to a `GET` of `by`'s.
    async fn get_as(&self, by: Actor, path: &str) -> Answer {
        let token = self.scene.token(by);
        self.send(&lambda_event::of_request("GET", path, &[("authorization", &token)], None)).await
    }

    /// The answer to a market that `by` opens.
    async fn create(&self, by: Actor, headers: &[(&str, &str)], body: &Value) -> Answer {
        let token = self.scene.token(by);
        let mut all = vec![("authorization", token.as_str())];
        all.extend(headers);
        self.send(&lambda_event::of_request("POST", "/v1/markets", &all, Some(body))).await
    }
}

/// The paths of the fields that an answer complains of.
fn fields(answer: &Answer) -> Vec<String> {
    let fields = answer.json()["error"]["fields"].as_object().cloned().unwrap_or_default();
    fields.keys().cloned().collect()
}

//! Tests of `api-events`: API Gateway events through the router, on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod events;
mod list;

use serde_json::Value;
use shared::api::QueryState;
use test_support::api_function::ApiFunction;
use test_support::fixture::{MARKET, Marketplace};

/// The function on a marketplace.
struct Events {
    marketplace: Marketplace,
    api: ApiFunction,
}

impl Events {
    /// With the users, the market and its product, whose events are logged.
    async fn open() -> Self {
        let marketplace = Marketplace::with_sample_data().await;
        marketplace.log_events().await;
        let app = QueryState::new(&marketplace.env("api-events"), marketplace.reader.clone()).unwrap();
        let api = ApiFunction::new(&marketplace, api_events::router(app));
        Self { marketplace, api }
    }
}

/// Address of the list of the market's events, with more parameters.
fn of_market(parameters: &str) -> String {
    format!("/v1/events?marketId={MARKET}{parameters}")
}

/// Ids of the events on a page.
fn ids(page: &Value) -> Vec<String> {
    let events = page["data"].as_array().unwrap();
    events.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect()
}

//! Reads after writes in one instance, from its cache.

use serde_json::json;
use test_support::fixture::{Marketplace, seller};
use test_support::lambda_event::RouterResponse;

use super::Markets;

impl Markets {
    /// Reads a market, without access to the table.
    async fn get_cached(&self, path: &str) -> RouterResponse {
        self.meter.restart();
        let response = self.api.get(path).by(seller()).await;
        assert_eq!(self.meter.operations(), [""; 0], "the cache has the market");
        response
    }

    async fn assert_cached(&self, path: &str, written: &RouterResponse) {
        assert!(written.status.is_success(), "{}", written.json());
        let read = self.get_cached(path).await;
        assert_eq!(read.json()["data"], written.json()["data"]);
        assert_eq!(read.header("etag"), written.header("etag"));
    }
}

#[tokio::test]
async fn every_write_is_visible_at_once_without_a_request() {
    let markets = Markets::cached(Marketplace::with_sample_data().await);
    let created = markets.create(seller(), &json!({ "name": "Cups", "currency": "EUR" })).await;
    let path = format!("/v1/markets/{}", created.json()["data"]["id"].as_str().unwrap());
    markets.assert_cached(&path, &created).await;
    let whole = json!({ "name": "Mugs", "status": "active" });
    let replaced = markets.api.put(&path).by(seller()).if_match("*").json(&whole).await;
    markets.assert_cached(&path, &replaced).await;
    let description = json!({ "description": "All mugs." });
    let patched = markets.api.patch(&path).by(seller()).if_match("*").json(&description).await;
    markets.assert_cached(&path, &patched).await;
    assert_eq!(markets.api.delete(&path).by(seller()).if_match("*").await.status, 204);
    assert_eq!(markets.get_cached(&path).await.status, 404);
}

#[tokio::test]
async fn refused_write_leaves_the_cached_market() {
    let markets = Markets::cached(Marketplace::with_sample_data().await);
    let created = markets.create(seller(), &json!({ "name": "Cups", "currency": "EUR" })).await;
    let path = format!("/v1/markets/{}", created.json()["data"]["id"].as_str().unwrap());
    let refused =
        markets.api.patch(&path).by(seller()).if_match("\"9.0\"").json(&json!({ "name": "x" })).await;
    assert_eq!(refused.error(), (412, "VERSION_MISMATCH"));
    markets.assert_cached(&path, &created).await;
}

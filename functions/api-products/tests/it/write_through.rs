//! Reads after writes in one instance, from its cache.

use serde_json::json;
use test_support::fixture::{MARKET, PRODUCT, seller};
use test_support::lambda_event::RouterResponse;

use super::{Products, product};

impl Products {
    /// Reads a product, without access to the table.
    async fn get_cached(&self, path: &str) -> RouterResponse {
        self.meter.restart();
        let response = self.api.get(path).await;
        assert_eq!(self.meter.operations(), [""; 0], "the cache has the product and its market");
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
    let products = Products::cached().await;
    // Caches the market, too.
    assert_eq!(products.api.get(&format!("/v1/products/{PRODUCT}")).await.status, 200);
    let list = format!("/v1/markets/{MARKET}/products");
    let created = products.api.post(&list).by(seller()).json(&product("CUP-1")).await;
    let path = format!("/v1/products/{}", created.json()["data"]["id"].as_str().unwrap());
    products.assert_cached(&path, &created).await;
    let price = json!({ "amount": 2499, "currency": "EUR" });
    let whole = json!({ "sku": "CUP-2", "title": "Large cup", "price": price, "status": "active" });
    let replaced = products.api.put(&path).by(seller()).if_match("*").json(&whole).await;
    products.assert_cached(&path, &replaced).await;
    let changed_title = json!({ "title": "Small cup" });
    let patched = products.api.patch(&path).by(seller()).if_match("*").json(&changed_title).await;
    products.assert_cached(&path, &patched).await;
    let restocked =
        products.api.post(&format!("{path}/stock")).by(seller()).json(&json!({ "delta": 5 })).await;
    assert_eq!(restocked.json()["data"]["stock"]["available"], 8);
    products.assert_cached(&path, &restocked).await;
    assert_eq!(products.api.delete(&path).by(seller()).if_match("*").await.status, 204);
    assert_eq!(products.get_cached(&path).await.status, 404);
}

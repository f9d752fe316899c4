//! HTTP requests that only read.

use http::{Method, StatusCode};
use serde_json::json;

use crate::fixture::Fixture;
use crate::request_counts::CostTable;

/// Counts all queries.
pub(super) async fn count(fixture: &Fixture, costs: &mut CostTable) {
    Box::pin(public(fixture, costs)).await;
    Box::pin(private(fixture, costs)).await;
}

/// Counts public reads, with and without the cache of the instance.
async fn public(fixture: &Fixture, costs: &mut CostTable) {
    let product = format!("/v1/products/{}", fixture.product);
    let market = format!("/v1/markets/{}", fixture.market);
    for (resource, function, path) in
        [("product", "api-products", product), ("market", "api-markets", market)]
    {
        fixture.app.stack().kill(function).await;
        costs
            .count(fixture, &format!("show an uncached {resource}"), function, async {
                fixture.get(&path).await;
            })
            .await;
        costs
            .count(fixture, &format!("show a cached {resource}"), function, async {
                fixture.get(&path).await;
            })
            .await;
    }
    let products = format!("/v1/markets/{}/products", fixture.market);
    costs.get(fixture, "list the products of a market", "api-products", &products).await;
    costs.get(fixture, "list markets", "api-markets", "/v1/markets").await;
    costs.get(fixture, "search for a word without matches", "api-search", "/v1/search?q=mug").await;
}

async fn private(fixture: &Fixture, costs: &mut CostTable) {
    let cart =
        json!({ "marketId": fixture.market, "items": [{ "productId": fixture.product, "quantity": 2 }] });
    let quote = fixture.app.request(Method::POST, "/v1/quotes").json(&cart);
    costs
        .count(fixture, "quote an order", "api-orders", async {
            let _ = quote.send().await.data(StatusCode::OK);
        })
        .await;
    let order = format!("/v1/orders/{}", fixture.order);
    costs.get(fixture, "show an order", "api-orders", &order).await;
    costs.get(fixture, "show an order's timeline", "api-orders", &format!("{order}/timeline")).await;
    let tax = fixture.app.request(Method::GET, &format!("/v1/markets/{}/tax", fixture.market));
    costs
        .count(fixture, "show the tax rates of a market", "api-markets", async {
            let _ = tax.by(&fixture.seller).send().await.data(StatusCode::OK);
        })
        .await;
    money(fixture, costs).await;
    costs.get(fixture, "list own orders", "api-orders", "/v1/orders").await;
    costs.get(fixture, "show own account", "api-users", "/v1/users/me").await;
    costs.get(fixture, "list own jobs", "api-jobs", "/v1/jobs").await;
    costs
        .count(fixture, "list accounts", "api-users", async {
            let request = fixture.app.request(Method::GET, "/v1/users").by(&fixture.admin);
            let _ = request.send().await.data(StatusCode::OK);
        })
        .await;
}

async fn money(fixture: &Fixture, costs: &mut CostTable) {
    let of_market = [
        ("show the balance of a market", "balance"),
        ("list the journal entries of a market", "ledger"),
        ("list the journal entries of an order", &format!("ledger?orderId={}", fixture.order)),
    ];
    for (name, path) in of_market {
        let request = fixture.app.request(Method::GET, &format!("/v1/markets/{}/{path}", fixture.market));
        costs
            .count(fixture, name, "api-payments", async {
                let _ = request.by(&fixture.seller).send().await.data(StatusCode::OK);
            })
            .await;
    }
    costs
        .count(fixture, "show the trial balance", "api-payments", async {
            let request = fixture.app.request(Method::GET, "/v1/ledger/trial-balance").by(&fixture.admin);
            let _ = request.send().await.data(StatusCode::OK);
        })
        .await;
}

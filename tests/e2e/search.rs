//! Search over HTTP, after changes of products and markets.

use std::time::Instant;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use test_support::app::eventually;
use test_support::{TestApp, TestUser};

/// Creates a market with one product, and returns both ids.
async fn create_market(app: &TestApp, seller: &TestUser) -> (String, String) {
    let market = json!({ "name": "Kiln and wheel", "currency": "EUR" });
    let market = app.request(Method::POST, "/v1/markets").by(seller).json(&market).send().await;
    let market = market.data(StatusCode::CREATED)["id"].as_str().unwrap().to_owned();
    let product = json!({
        "sku": "POT-1",
        "title": "Blue teapot",
        "price": { "amount": 4_500, "currency": "EUR" },
        "stock": 3,
    });
    let path = format!("/v1/markets/{market}/products");
    let product = app.request(Method::POST, &path).by(seller).json(&product).send().await;
    (market, product.data(StatusCode::CREATED)["id"].as_str().unwrap().to_owned())
}

/// Ids of the results.
async fn search(app: &TestApp, query: &str) -> Vec<String> {
    let response = app.request(Method::GET, &format!("/v1/search?{query}")).send().await;
    let hits = response.data(StatusCode::OK);
    hits.as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect()
}

/// Waits until a query returns exactly these ids.
async fn wait_for_results(app: &TestApp, query: &str, ids: &[&str]) {
    eventually(&format!("{query} finds {ids:?}"), || async {
        (search(app, query).await == ids).then_some(())
    })
    .await;
}

async fn patch(app: &TestApp, seller: &TestUser, path: &str, change: Value) {
    let patched =
        app.request(Method::PATCH, path).by(seller).header("if-match", "*").json(&change).send().await;
    assert_eq!(patched.status, StatusCode::OK, "{}", patched.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn product_is_found_by_its_title_until_its_market_closes() {
    let app = TestApp::start().await;
    let seller = app.register("seller").await;
    let (market, product) = create_market(&app, &seller).await;
    let started = Instant::now();
    wait_for_results(&app, "q=teapots", &[&product]).await;
    println!("search: a product is found {:.1?} after its creation", started.elapsed());
    wait_for_results(&app, "q=wheel+and+kiln&type=market", &[&market]).await;

    patch(&app, &seller, &format!("/v1/products/{product}"), json!({ "title": "Green saucer" })).await;
    wait_for_results(&app, "q=saucer", &[&product]).await;
    wait_for_results(&app, "q=teapots", &[]).await;

    patch(&app, &seller, &format!("/v1/markets/{market}"), json!({ "status": "closed" })).await;
    wait_for_results(&app, "q=saucer", &[]).await;
    wait_for_results(&app, "q=kiln", &[]).await;
    app.wait_until_idle().await;
}

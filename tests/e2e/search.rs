//! Search through the real binaries: what is listed is found a moment later, under the name that it has.

use std::time::Instant;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use test_support::app::eventually;
use test_support::{TestApp, TestUser};

/// A market of the seller's with one product; both ids.
async fn stall(shop: &TestApp, seller: &TestUser) -> (String, String) {
    let market = json!({ "name": "Kiln and wheel", "currency": "EUR" });
    let market = shop.ask(Method::POST, "/v1/markets").by(seller).json(&market).send().await;
    let market = market.data(StatusCode::CREATED)["id"].as_str().unwrap().to_owned();
    let product = json!({
        "sku": "POT-1",
        "title": "Blue teapot",
        "price": { "amount": 4_500, "currency": "EUR" },
        "stock": 3,
    });
    let path = format!("/v1/markets/{market}/products");
    let product = shop.ask(Method::POST, &path).by(seller).json(&product).send().await;
    (market, product.data(StatusCode::CREATED)["id"].as_str().unwrap().to_owned())
}

/// The ids of what is found.
async fn found(shop: &TestApp, query: &str) -> Vec<String> {
    let answer = shop.ask(Method::GET, &format!("/v1/search?{query}")).send().await;
    let hits = answer.data(StatusCode::OK);
    hits.as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect()
}

/// Waits until exactly these are found.
async fn finds(shop: &TestApp, query: &str, ids: &[&str]) {
    eventually(&format!("{query} finds {ids:?}"), || async {
        (found(shop, query).await == ids).then_some(())
    })
    .await;
}

async fn patch(shop: &TestApp, seller: &TestUser, path: &str, change: Value) {
    let patched = shop.ask(Method::PATCH, path).by(seller).header("if-match", "*").json(&change).send().await;
    assert_eq!(patched.status, StatusCode::OK, "{}", patched.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_listed_is_found_under_the_name_that_it_has_until_its_market_closes() {
    let shop = TestApp::open().await;
    let seller = shop.customer("seller").await;
    let (market, product) = stall(&shop, &seller).await;
    let begun = Instant::now();
    finds(&shop, "q=teapots", &[&product]).await;
    println!("search: a product is found {:.1?} after its listing", begun.elapsed());
    finds(&shop, "q=wheel+and+kiln&type=market", &[&market]).await;

    patch(&shop, &seller, &format!("/v1/products/{product}"), json!({ "title": "Green saucer" })).await;
    finds(&shop, "q=saucer", &[&product]).await;
    finds(&shop, "q=teapots", &[]).await;

    patch(&shop, &seller, &format!("/v1/markets/{market}"), json!({ "status": "closed" })).await;
    finds(&shop, "q=saucer", &[]).await;
    finds(&shop, "q=kiln", &[]).await;
    shop.wait_until_idle().await;
}

//! Search over HTTP, after changes of products and markets.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use local::faults::{Fault, Rule, Service};
use serde_json::{Value, json};
use test_support::app::{TestResponse, WAIT_TIMEOUT, eventually};
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

/// Time for which the circuit breaker of the embedder stays open.
const OPEN_FOR: Duration = Duration::from_secs(5);

/// Searches for a text that is not in the cache.
async fn search_uncached(app: &TestApp, n: usize) -> TestResponse {
    app.request(Method::GET, &format!("/v1/search?q=teapot+{n}")).send().await
}

/// Number of calls of the model by the search function.
fn model_calls(app: &TestApp) -> usize {
    let calls = app.stack().faults().calls_of("api-search");
    calls.iter().filter(|call| call.service == Service::Bedrock).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn failing_model_is_not_called_until_a_probe_succeeds() {
    let app = TestApp::start_with(|builder| builder.parameter("Embedder", "titan").instances(1)).await;
    let seller = app.register("seller").await;
    let (_, product) = create_market(&app, &seller).await;
    wait_for_results(&app, "q=teapot", &[&product]).await;
    let failing = Rule::new("api-search", Fault::unavailable()).service(Service::Bedrock).times(u64::MAX);
    app.stack().faults().inject(failing);

    let searches = AtomicUsize::new(0);
    let next = || searches.fetch_add(1, Ordering::Relaxed);
    let begun = Instant::now();
    while model_calls_of_a_search(&app, next()).await > 0 {
        assert!(begun.elapsed() < WAIT_TIMEOUT, "the breaker does not open");
    }
    let before = model_calls(&app);
    let rejected = search_uncached(&app, 1_000).await;
    let retry_after: u64 = rejected.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert_eq!(rejected.code(StatusCode::SERVICE_UNAVAILABLE), "SERVICE_UNAVAILABLE");
    assert!((1..=OPEN_FOR.as_secs()).contains(&retry_after), "{retry_after}");
    assert_eq!(model_calls(&app), before, "the model is not called");

    // The probe of the half-open breaker is one call with its retries; it fails, and the breaker opens again.
    eventually("a probe is made", || async {
        (model_calls_of_a_search(&app, next()).await > 0).then_some(())
    })
    .await;
    assert_eq!(model_calls_of_a_search(&app, 1_001).await, 0);
    app.stack().faults().clear_rules();
    eventually("a probe closes the breaker", || async {
        let response = search_uncached(&app, next()).await;
        (response.status == StatusCode::OK).then_some(())
    })
    .await;
}

/// Searches while the model fails, and returns the number of calls of the model.
async fn model_calls_of_a_search(app: &TestApp, n: usize) -> usize {
    let before = model_calls(app);
    assert_eq!(search_uncached(app, n).await.status, StatusCode::SERVICE_UNAVAILABLE);
    model_calls(app) - before
}

#[tokio::test(flavor = "multi_thread")]
async fn document_waits_in_the_queue_while_the_model_fails() {
    let app = TestApp::start_with(|builder| builder.parameter("Embedder", "titan").instances(1)).await;
    let failing =
        Rule::new("queue-search-index", Fault::unavailable()).service(Service::Bedrock).times(u64::MAX);
    app.stack().faults().inject(failing);
    let seller = app.register("seller").await;
    let mut products = Vec::new();
    for _ in 0..5 {
        products.push(create_market(&app, &seller).await.1);
    }
    let delayed = r#""outcome":"retry","reason":"the model does not respond""#;
    let logs = app.stack().logs();
    assert!(logs.wait_for("queue-search-index", delayed, WAIT_TIMEOUT).await.is_some());
    app.stack().faults().clear_rules();
    eventually("all products are found", || async {
        app.stack().redeliver().await;
        let found = search(&app, "q=teapot").await;
        products.iter().all(|product| found.contains(product)).then_some(())
    })
    .await;
}

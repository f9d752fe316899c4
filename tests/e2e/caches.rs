//! Caches of the functions, and the table reads that they save.

use std::time::{Duration, Instant};

use fastrand::Rng;
use futures::future::join_all;
use http::{Method, StatusCode};
use serde_json::json;
use test_support::TestApp;

/// Read requests of a function to the table. Rate limits use write requests.
fn reads(app: &TestApp, function: &str) -> usize {
    let calls = app.stack().faults().calls_of(function);
    calls
        .iter()
        .filter(|call| ["BatchGetItem", "GetItem", "Query"].contains(&call.operation.as_str()))
        .count()
}

async fn get(app: &TestApp, path: &str) {
    let response = app.request(Method::GET, path).send().await;
    assert_eq!(response.status, StatusCode::OK, "{}", response.text);
}

/// Creates a market with products, and returns their paths, the market's first.
async fn catalogue(app: &TestApp, products: usize) -> Vec<String> {
    let seller = app.register("seller").await;
    let market = json!({ "name": "Mugs", "currency": "EUR" });
    let market = app.request(Method::POST, "/v1/markets").by(&seller).json(&market).send().await;
    let market = market.data(StatusCode::CREATED)["id"].as_str().unwrap().to_owned();
    let mut paths = vec![format!("/v1/markets/{market}")];
    for n in 0..products {
        let price = json!({ "amount": 1_999, "currency": "EUR" });
        let product = json!({ "sku": format!("MUG-{n}"), "title": "Mug", "price": price, "stock": 1 });
        let path = format!("/v1/markets/{market}/products");
        let product = app.request(Method::POST, &path).by(&seller).json(&product).send().await;
        paths.push(format!("/v1/products/{}", product.data(StatusCode::CREATED)["id"].as_str().unwrap()));
    }
    paths
}

#[tokio::test(flavor = "multi_thread")]
async fn warm_reads_do_not_access_the_table() {
    let app = TestApp::start_with(|builder| builder.instances(1)).await;
    let paths = catalogue(&app, 1).await;
    for (path, function) in paths.iter().zip(["api-markets", "api-products"]) {
        // Cache entries expire after a few seconds, so a round that took longer is repeated.
        loop {
            get(&app, path).await;
            app.stack().faults().clear_calls();
            let started = Instant::now();
            for _ in 0..50 {
                get(&app, path).await;
            }
            if started.elapsed() < Duration::from_secs(3) && reads(&app, function) == 0 {
                break;
            }
            assert!(
                started.elapsed() >= Duration::from_secs(3),
                "{} reads by {function}",
                reads(&app, function)
            );
        }
    }
}

/// Deterministic sequence of indexes in which rank n occurs with a frequency proportional to 1/n.
fn skewed(count: usize, requests: u64) -> Vec<usize> {
    let weights: Vec<u64> = (1..=count as u64).map(|rank| 1_000_000 / rank).collect();
    let total: u64 = weights.iter().sum();
    let mut rng = Rng::with_seed(42);
    let mut pick = || {
        let mut left = rng.u64(..total);
        weights.iter().position(|weight| left.checked_sub(*weight).map(|rest| left = rest).is_none()).unwrap()
    };
    (0..requests).map(|_| pick()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn results_of_the_cache_under_skewed_reads() {
    let app = TestApp::start_with(|builder| builder.instances(1)).await;
    let paths = catalogue(&app, 99).await;
    app.wait_until_idle().await;
    app.stack().faults().clear_calls();
    let mix = skewed(paths.len(), 4_000);
    let started = Instant::now();
    for chunk in mix.chunks(8) {
        join_all(chunk.iter().map(|rank| get(&app, &paths[*rank]))).await;
    }
    let elapsed = started.elapsed();
    let products = mix.iter().filter(|rank| **rank > 0).count();
    // Reading a product also looks up its market.
    let lookups = mix.len() + products;
    let missed = reads(&app, "api-markets") + reads(&app, "api-products");
    let percent = 100 - missed * 100 / lookups;
    let requests = mix.len();
    println!(
        "cache of public reads, 100 resources, Zipf-distributed: {requests} requests in {elapsed:.1?}, {lookups} lookups,"
    );
    println!("  {missed} table reads: {percent} % hits; {lookups} reads without the cache");
    assert!(missed > 0, "no table read was counted");
    // Each of the 100 resources, and the market a second time, is read at most once per cache lifetime.
    let lifetimes = usize::try_from(elapsed.as_secs() / 4).unwrap() + 1;
    assert!(missed <= 101 * lifetimes, "{missed} reads in {elapsed:?}");
}

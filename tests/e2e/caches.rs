//! What is remembered in the functions, and what that saves.

use std::time::{Duration, Instant};

use futures::future::join_all;
use http::{Method, StatusCode};
use serde_json::json;
use test_support::TestApp;

/// Requests to the table that read, by one function. Limits are counted by writes.
fn reads(shop: &TestApp, function: &str) -> usize {
    let calls = shop.stack().faults().calls_of(function);
    calls
        .iter()
        .filter(|call| ["BatchGetItem", "GetItem", "Query"].contains(&call.operation.as_str()))
        .count()
}

async fn get(shop: &TestApp, path: &str) {
    let answer = shop.ask(Method::GET, path).send().await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
}

/// A market with this many products; their paths, the market's first.
async fn catalogue(shop: &TestApp, products: usize) -> Vec<String> {
    let seller = shop.customer("seller").await;
    let market = json!({ "name": "Mugs", "currency": "EUR" });
    let market = shop.ask(Method::POST, "/v1/markets").by(&seller).json(&market).send().await;
    let market = market.data(StatusCode::CREATED)["id"].as_str().unwrap().to_owned();
    let mut paths = vec![format!("/v1/markets/{market}")];
    for n in 0..products {
        let price = json!({ "amount": 1_999, "currency": "EUR" });
        let product = json!({ "sku": format!("MUG-{n}"), "title": "Mug", "price": price, "stock": 1 });
        let path = format!("/v1/markets/{market}/products");
        let product = shop.ask(Method::POST, &path).by(&seller).json(&product).send().await;
        paths.push(format!("/v1/products/{}", product.data(StatusCode::CREATED)["id"].as_str().unwrap()));
    }
    paths
}

#[tokio::test(flavor = "multi_thread")]
async fn warm_reads_ask_the_table_nothing() {
    let shop = TestApp::open_with(|builder| builder.instances(1)).await;
    let paths = catalogue(&shop, 1).await;
    for (path, function) in paths.iter().zip(["api-markets", "api-products"]) {
        // What is remembered lapses after some seconds: a machine that took longer takes another turn.
        loop {
            get(&shop, path).await;
            shop.stack().faults().forget_calls();
            let begun = Instant::now();
            for _ in 0..50 {
                get(&shop, path).await;
            }
            if begun.elapsed() < Duration::from_secs(3) && reads(&shop, function) == 0 {
                break;
            }
            assert!(
                begun.elapsed() >= Duration::from_secs(3),
                "{} reads by {function}",
                reads(&shop, function)
            );
        }
    }
}

/// Which of so many is asked for: the one of rank n as often as 1/n says. Always the same sequence.
fn skewed(count: usize, requests: u64) -> Vec<usize> {
    let weights: Vec<u64> = (1..=count as u64).map(|rank| 1_000_000 / rank).collect();
    let total: u64 = weights.iter().sum();
    let mut state = 42_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % total
    };
    let mut pick = || {
        let mut left = next();
        weights.iter().position(|weight| left.checked_sub(*weight).map(|rest| left = rest).is_none()).unwrap()
    };
    (0..requests).map(|_| pick()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_the_cache_under_a_skewed_mix_of_reads() {
    let shop = TestApp::open_with(|builder| builder.instances(1)).await;
    let paths = catalogue(&shop, 99).await;
    shop.wait_until_idle().await;
    shop.stack().faults().forget_calls();
    let mix = skewed(paths.len(), 4_000);
    let begun = Instant::now();
    for chunk in mix.chunks(8) {
        join_all(chunk.iter().map(|rank| get(&shop, &paths[*rank]))).await;
    }
    let taken = begun.elapsed();
    let products = mix.iter().filter(|rank| **rank > 0).count();
    // A product is shown after a look at its market.
    let lookups = mix.len() + products;
    let missed = reads(&shop, "api-markets") + reads(&shop, "api-products");
    let percent = 100 - missed * 100 / lookups;
    let requests = mix.len();
    println!(
        "cache of public reads, 100 things, skewed as 1/n: {requests} requests in {taken:.1?}, {lookups} lookups,"
    );
    println!(
        "  {missed} reads of the table: {percent} % hits; without the cache it would be {lookups} reads"
    );
    assert!(missed > 0, "nothing was counted");
    // Each of the hundred things, and the market once more, is read at most once for each time it can lapse.
    let lives = usize::try_from(taken.as_secs() / 4).unwrap() + 1;
    assert!(missed <= 101 * lives, "{missed} reads in {taken:?}");
}

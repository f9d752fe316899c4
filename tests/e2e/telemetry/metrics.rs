//! What is counted on an order's way, and on ways that fail.

use std::collections::{BTreeMap, BTreeSet};

use http::{Method, StatusCode};
use local::telemetry::metrics::Metrics;
use serde_json::{Value, json};
use shared::kit::telemetry::catalogue::ALL;
use stripe_sandbox::{Effect, Operation, Rule};
use test_support::TestApp;
use test_support::app::{WAIT_TIMEOUT, eventually};

use crate::telemetry::emf_schema::faults;

/// Every line of metrics so far.
fn lines(shop: &TestApp) -> Vec<String> {
    let stack = shop.stack();
    let stems = stack.deployment().functions.iter().map(|function| function.stem.as_str());
    let all = stems.flat_map(|stem| stack.logs().lines(stem));
    all.filter(|line| Metrics::is_emf_line(line)).collect()
}

/// The sum of a metric over all lines whose dimensions are as demanded.
fn sum(lines: &[String], metric: &str, dimensions: &[(&str, &str)]) -> f64 {
    let documents = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of = documents.filter(|document| dimensions.iter().all(|(name, value)| document[*name] == *value));
    let values = of.filter_map(|document| document.get(metric).cloned());
    values
        .flat_map(|value| value.as_array().cloned().unwrap_or_else(|| vec![value]))
        .filter_map(|value| value.as_f64())
        .sum()
}

/// How many values a metric has over all such lines.
fn count(lines: &[String], metric: &str, dimensions: &[(&str, &str)]) -> usize {
    let documents = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of = documents.filter(|document| dimensions.iter().all(|(name, value)| document[*name] == *value));
    let values = of.filter_map(|document| document.get(metric).cloned());
    values.map(|value| value.as_array().map_or(1, Vec::len)).sum()
}

/// A shop in which each metric has had its occasion. Of each function there is one instance: an instance whose breaker
/// opened closes it again only if the next charge is its own.
async fn busy_shop() -> TestApp {
    let shop = TestApp::open_with(|builder| {
        builder
            .parameter("OrdersPerMinute", "8")
            .parameter("PaymentGatewayBreakerOpenSeconds", "1")
            .instances(1)
    })
    .await;
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    let product = shop.product(&seller, 1_999, 100).await;
    for _ in 0..3 {
        let ask = shop.ask(Method::GET, &format!("/v1/products/{product}"));
        assert_eq!(ask.send().await.status, StatusCode::OK);
    }
    let absent = shop.ask(Method::GET, "/v1/products/prd_01J8Z3K5V0SAMPE0000000MVG9").send().await;
    assert_eq!(absent.status, StatusCode::NOT_FOUND);
    shop.send_message("FulfilmentQueue", "not an event").await;
    shop.stack().payments().add_fault_rule(Rule::on(Operation::Any, Effect::Fail { status: 503 }));
    let mut orders = Vec::new();
    let refused = loop {
        let key = format!("k{}", orders.len());
        let placed = shop.order(&buyer, &key, &product, 1, Some("pm_card_visa")).await;
        match placed.status {
            // A minute may end in between, and the next one has its own eight.
            StatusCode::CREATED if orders.len() < 16 => {
                orders.push(placed.json()["data"]["id"].as_str().unwrap().to_owned());
            }
            status => break status,
        }
    };
    assert_eq!(refused, StatusCode::TOO_MANY_REQUESTS);
    let open = r#""state":"open""#;
    assert!(shop.stack().logs().wait_for("queue-fulfilment", open, WAIT_TIMEOUT).await.is_some());
    shop.stack().payments().clear_fault_rules();
    for order in &orders {
        shop.order_in(&buyer, order, &["confirmed"]).await;
    }
    shop.stack().run_schedule("schedule-sweeper").await.unwrap();
    shop.wait_until_idle().await;
    shop
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_metrics_keeps_to_the_format_and_every_metric_is_counted() {
    let shop = busy_shop().await;
    let seen = || async {
        let lines = lines(&shop);
        let names: BTreeSet<&str> =
            ALL.iter().map(|entry| entry.name).filter(|name| count(&lines, name, &[]) > 0).collect();
        // Spans are only lost where they are recorded.
        (names.len() == ALL.len() - 1).then_some(lines)
    };
    let lines = eventually("each metric was counted", seen).await;
    let wrong: BTreeMap<&String, Vec<String>> =
        lines.iter().map(|line| (line, faults(line))).filter(|(_, faults)| !faults.is_empty()).collect();
    assert!(wrong.is_empty() && lines.len() > 50, "{} lines, {wrong:?}", lines.len());

    let placed = [("route", "POST /v1/orders"), ("function", "api-orders")];
    let of = |class| placed.iter().copied().chain([("statusClass", class)]).collect::<Vec<_>>();
    assert!((8..=16).contains(&count(&lines, "RequestLatency", &of("2xx"))));
    assert_eq!(count(&lines, "RequestLatency", &of("4xx")), 1);
    assert_eq!(count(&lines, "LimiterRejections", &[("group", "orders")]), 1);
    assert_eq!(count(&lines, "Errors", &[("code", "RATE_LIMITED")]), 1);
    // An instance may have been started for an event that another has taken.
    for (function, stats) in shop.stack().stats().iter().filter(|(_, stats)| stats.cold_starts > 0) {
        let counted = count(&lines, "ColdStarts", &[("function", function)]) as u64;
        assert!((1..=stats.cold_starts).contains(&counted), "{function}: {counted} of {stats:?}");
    }
    assert_eq!(count(&lines, "CacheMisses", &[("cache", "products")]), 1);
    assert_eq!(count(&lines, "CacheHits", &[("cache", "products")]), 3, "what was created is known");
    for (metric, dimensions) in [
        ("ConsumedWriteUnits", [("function", "api-orders"), ("operation", "TransactWriteItems")]),
        ("ConsumedReadUnits", [("function", "api-orders"), ("operation", "BatchGetItem")]),
        ("ConsumedWriteUnits", [("function", "stream-outbox-relay"), ("operation", "BatchWriteItem")]),
        ("Messages", [("function", "queue-fulfilment"), ("outcome", "done")]),
        ("Messages", [("function", "queue-fulfilment"), ("outcome", "postponed")]),
        ("Messages", [("function", "queue-fulfilment"), ("outcome", "permanent")]),
        ("DeadLetters", [("function", "queue-dead-letters"), ("queue", "fulfilment")]),
        ("BreakerTransitions", [("dependency", "payment-gateway"), ("state", "open")]),
        ("BreakerTransitions", [("dependency", "payment-gateway"), ("state", "closed")]),
    ] {
        assert!(sum(&lines, metric, &dimensions) > 0.0, "{metric} {dimensions:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_functions_count_is_served_as_prometheus_reads_it() {
    let shop = TestApp::open().await;
    let ada = shop.customer("ada").await;
    let me = shop.ask(Method::GET, "/v1/users/me").by(&ada).send().await;
    assert_eq!(me.data(StatusCode::OK)["id"], json!(ada.id));
    let sample = r#"agora_request_latency_milliseconds_count{function="api-users",route="GET /v1/users/me",stage="local",statusClass="2xx"} 1"#;
    let served = || async {
        let answer = reqwest::get(shop.stack().metrics_endpoint()).await.unwrap();
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
        let text = answer.text().await.unwrap();
        text.contains(sample).then_some(text)
    };
    let text = eventually("the request is among the metrics", served).await;
    assert!(text.contains("# TYPE agora_cold_starts_total counter"), "{text}");
    assert!(text.contains("# HELP agora_cold_starts_total "), "{text}");
    assert!(!text.contains(&ada.id), "a person is no dimension");
}

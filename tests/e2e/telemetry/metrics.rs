//! Metrics of successful and failing requests, orders and messages.

use std::collections::{BTreeMap, BTreeSet};

use http::{Method, StatusCode};
use local::telemetry::metrics::Metrics;
use serde_json::{Value, json};
use shared::kit::telemetry::catalogue::ALL;
use stripe_sandbox::{Effect, Operation, Rule};
use test_support::TestApp;
use test_support::app::{WAIT_TIMEOUT, eventually};

use crate::telemetry::emf_schema::violations;

/// All EMF lines so far.
fn lines(app: &TestApp) -> Vec<String> {
    let stack = app.stack();
    let stems = stack.deployment().functions.iter().map(|function| function.stem.as_str());
    let all = stems.flat_map(|stem| stack.logs().lines(stem));
    all.filter(|line| Metrics::is_emf_line(line)).collect()
}

/// Sum of a metric over all lines with these dimensions.
fn sum(lines: &[String], metric: &str, dimensions: &[(&str, &str)]) -> f64 {
    let documents = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let matching =
        documents.filter(|document| dimensions.iter().all(|(name, value)| document[*name] == *value));
    let values = matching.filter_map(|document| document.get(metric).cloned());
    values
        .flat_map(|value| value.as_array().cloned().unwrap_or_else(|| vec![value]))
        .filter_map(|value| value.as_f64())
        .sum()
}

/// Number of values of a metric over all lines with these dimensions.
fn count(lines: &[String], metric: &str, dimensions: &[(&str, &str)]) -> usize {
    let documents = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let matching =
        documents.filter(|document| dimensions.iter().all(|(name, value)| document[*name] == *value));
    let values = matching.filter_map(|document| document.get(metric).cloned());
    values.map(|value| value.as_array().map_or(1, Vec::len)).sum()
}

/// Metrics that the stack does not emit here, in the order of the catalogue. They are about items that cannot
/// be parsed, refunds that fail, and spans that a collector does not accept.
const NOT_EMITTED: [&str; 4] = ["OutboxQuarantined", "DamagedItems", "RefundFailures", "SpansDropped"];

/// Starts a stack and makes it emit each other metric. Each function has one instance, because an open
/// breaker closes only when the same instance makes the next charge.
async fn stack_with_all_metrics() -> TestApp {
    let app = TestApp::start_with(|builder| {
        builder.parameter("OrderLimit", "8").parameter("PaymentGatewayBreakerOpenSeconds", "1").instances(1)
    })
    .await;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 100).await;
    for _ in 0..3 {
        let request = app.request(Method::GET, &format!("/v1/products/{product}"));
        assert_eq!(request.send().await.status, StatusCode::OK);
    }
    let absent = app.request(Method::GET, "/v1/products/prd_01J8Z3K5V0SAMPE0000000MVG9").send().await;
    assert_eq!(absent.status, StatusCode::NOT_FOUND);
    app.send_message("FulfilmentQueue", "not an event").await;
    app.stack().payments().add_fault_rule(Rule::on(Operation::Any, Effect::Fail { status: 503 }));
    let mut orders = Vec::new();
    let final_status = loop {
        let key = format!("k{}", orders.len());
        let placed = app.order(&buyer, &key, &product, 1, Some("pm_card_visa")).await;
        match placed.status {
            StatusCode::CREATED if orders.len() < 9 => {
                orders.push(placed.json()["data"]["id"].as_str().unwrap().to_owned());
            }
            status => break status,
        }
    };
    assert_eq!(final_status, StatusCode::TOO_MANY_REQUESTS);
    let open = r#""state":"open""#;
    assert!(app.stack().logs().wait_for("queue-fulfilment", open, WAIT_TIMEOUT).await.is_some());
    app.stack().payments().clear_fault_rules();
    for order in &orders {
        app.wait_for_order(&buyer, order, &["confirmed"]).await;
    }
    app.stack().run_schedule("schedule-sweeper").await.unwrap();
    app.wait_until_idle().await;
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn metric_lines_are_valid_and_every_metric_is_emitted() {
    let app = stack_with_all_metrics().await;
    let all_emitted = || async {
        let lines = lines(&app);
        let names: BTreeSet<&str> =
            ALL.iter().map(|entry| entry.name).filter(|name| count(&lines, name, &[]) > 0).collect();
        let missing = ALL.iter().map(|entry| entry.name).filter(|name| !names.contains(name));
        missing.eq(NOT_EMITTED).then_some(lines)
    };
    let lines = eventually("each metric is emitted", all_emitted).await;
    let invalid: BTreeMap<&String, Vec<String>> = lines
        .iter()
        .map(|line| (line, violations(line)))
        .filter(|(_, violations)| !violations.is_empty())
        .collect();
    assert!(invalid.is_empty() && lines.len() > 50, "{} lines, {invalid:?}", lines.len());

    let placed = [("method", "POST"), ("route", "/v1/orders"), ("function", "api-orders")];
    let of = |status| placed.iter().copied().chain([("status", status)]).collect::<Vec<_>>();
    assert!((1..=8).contains(&count(&lines, "HttpRequestDuration", &of("201"))));
    assert_eq!(count(&lines, "HttpRequestDuration", &of("429")), 1);
    assert_eq!(count(&lines, "LimiterRejections", &[("group", "orders")]), 1);
    assert_eq!(count(&lines, "Errors", &[("code", "RATE_LIMITED")]), 1);
    // An instance may start for an event that another instance processes.
    for (function, stats) in app.stack().stats().iter().filter(|(_, stats)| stats.cold_starts > 0) {
        let counted = count(&lines, "ColdStarts", &[("function", function)]) as u64;
        assert!((1..=stats.cold_starts).contains(&counted), "{function}: {counted} of {stats:?}");
    }
    assert_eq!(count(&lines, "CacheMisses", &[("cache", "products")]), 1);
    assert_eq!(count(&lines, "CacheHits", &[("cache", "products")]), 3, "a created product is cached");
    for (metric, dimensions) in [
        ("ConsumedWriteUnits", [("function", "api-orders"), ("operation", "TransactWriteItems")]),
        ("ConsumedReadUnits", [("function", "api-orders"), ("operation", "BatchGetItem")]),
        ("ConsumedWriteUnits", [("function", "stream-outbox-relay"), ("operation", "BatchWriteItem")]),
        ("Messages", [("function", "queue-fulfilment"), ("outcome", "done")]),
        ("Messages", [("function", "queue-fulfilment"), ("outcome", "retry")]),
        ("Messages", [("function", "queue-fulfilment"), ("outcome", "dead_lettered")]),
        ("DeadLetters", [("function", "queue-dead-letters"), ("queue", "fulfilment")]),
        ("BreakerTransitions", [("dependency", "payment-gateway"), ("state", "open")]),
        ("BreakerTransitions", [("dependency", "payment-gateway"), ("state", "closed")]),
    ] {
        assert!(sum(&lines, metric, &dimensions) > 0.0, "{metric} {dimensions:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_served_in_prometheus_format() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let me = app.request(Method::GET, "/v1/users/me").by(&ada).send().await;
    assert_eq!(me.data(StatusCode::OK)["id"], json!(ada.id));
    let sample = r#"http_request_duration_seconds_count{function="api-users",method="GET",route="/v1/users/me",stage="local",status="200"} 1"#;
    let served = || async {
        let response = reqwest::get(app.stack().metrics_endpoint()).await.unwrap();
        assert!(
            response.headers()["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4")
        );
        let text = response.text().await.unwrap();
        text.contains(sample).then_some(text)
    };
    let text = eventually("the request is among the metrics", served).await;
    assert!(text.contains("# TYPE agora_cold_starts_total counter"), "{text}");
    assert!(text.contains("# HELP agora_cold_starts_total "), "{text}");
    assert!(!text.contains(&ada.id), "a user id is not a label");
}

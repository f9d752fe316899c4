//! `GET /health/ready`.

use std::time::{Duration, Instant};

use api_meta::QueueProbe;
use serde_json::json;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::messaging::event_routing::Subscriptions;
use test_support::Marketplace;
use test_support::capacity_meter::CapacityMeter;

use super::{function_reading, function_with, open};

/// Documented read units of a check (`docs/request-costs.md`).
const UNITS_PER_CHECK: f64 = 0.5;
/// Minimum time for which a result is kept: the cache shortens a second by up to a fifth.
const MIN_LIFETIME: Duration = Duration::from_millis(800);

#[tokio::test]
async fn responding_table_and_queues_are_ready() {
    let (_marketplace, api) = open().await;
    let response = api.get("/health/ready").await;
    assert_eq!(response.status, 200, "{}", response.json());
    assert_eq!(response.json(), json!({ "data": { "table": "ok", "queues": "ok" } }));
}

#[tokio::test]
async fn repeated_readiness_checks_read_the_table_once() {
    let marketplace = Marketplace::empty().await;
    let meter = CapacityMeter::default();
    let subscriptions = Subscriptions::from_env(&marketplace.env("api-meta")).unwrap();
    let queues = QueueProbe::new(marketplace.table.aws().sqs(), &subscriptions);
    let api = function_reading(DynamoReader::new(meter.on(&marketplace.table)), queues, &marketplace);
    let start = Instant::now();
    for _ in 0..20 {
        assert_eq!(api.get("/health/ready").await.status, 200);
    }
    let units: f64 = meter.requests().iter().map(|request| request.units).sum();
    let lifetimes = start.elapsed().as_secs_f64() / MIN_LIFETIME.as_secs_f64();
    assert!(units <= UNITS_PER_CHECK * (1.0 + lifetimes), "{units} read units in {lifetimes} lifetimes");
}

#[tokio::test]
async fn failing_dependency_returns_503_without_the_reason() {
    let marketplace = Marketplace::empty().await;
    let env = marketplace.env("api-meta");
    let queue = format!("{}-hunter2", env.text("AGORA_EMAILS_QUEUE_URL").unwrap());
    let no_table = env.clone().with("AGORA_TABLE", "hunter2");
    let no_queue = env.with("AGORA_EMAILS_QUEUE_URL", &queue);
    let neither = no_table.clone().with("AGORA_EMAILS_QUEUE_URL", &queue);
    for env in [no_table, no_queue, neither] {
        let response = function_with(&env, &marketplace).get("/health/ready").await;
        assert_eq!(response.error(), (503, "SERVICE_UNAVAILABLE"));
        assert_eq!(response.header("retry-after").unwrap(), "1");
        assert!(!String::from_utf8_lossy(&response.bytes).contains("hunter2"));
    }
}

#[tokio::test]
async fn system_without_services_is_alive_but_not_ready() {
    let (marketplace, api) = open().await;
    drop(marketplace);
    assert_eq!(api.get("/health").await.status, 200);
    let response = api.get("/health/ready").await;
    assert_eq!(response.error(), (503, "SERVICE_UNAVAILABLE"));
}

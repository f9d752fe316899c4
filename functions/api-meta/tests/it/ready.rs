//! `GET /health/ready`.

use serde_json::json;
use test_support::Marketplace;

use super::{function_with, open};

#[tokio::test]
async fn responding_table_and_queues_are_ready() {
    let (_marketplace, api) = open().await;
    let response = api.get("/health/ready").await;
    assert_eq!(response.status, 200, "{}", response.json());
    assert_eq!(response.json(), json!({ "data": { "table": "ok", "queues": "ok" } }));
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

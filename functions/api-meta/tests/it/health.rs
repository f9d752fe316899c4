//! `GET /health`.

use serde_json::json;

use super::open;

#[tokio::test]
async fn health_check_returns_ok() {
    let (_marketplace, api) = open().await;
    let response = api.get("/health").await;
    assert_eq!(response.status, 200);
    assert_eq!(response.json(), json!({ "data": { "status": "ok" } }));
    assert_eq!(response.header("cache-control").unwrap(), "no-store");
}

#[tokio::test]
async fn post_is_not_allowed() {
    let (_marketplace, api) = open().await;
    let response = api.post("/health").await;
    assert_eq!(response.error(), (405, "METHOD_NOT_ALLOWED"));
    assert_eq!(response.header("allow").unwrap(), "GET,HEAD");
}

//! `GET /health`.

use serde_json::json;

use super::{ask, open};

#[tokio::test]
async fn health_check_returns_ok() {
    let (_marketplace, router) = open().await;
    let response = ask(&router, "GET", "/health").await;
    assert_eq!(response.status, 200);
    assert_eq!(response.json(), json!({ "data": { "status": "ok" } }));
    assert_eq!(response.header("cache-control").unwrap(), "no-store");
}

#[tokio::test]
async fn post_is_not_allowed() {
    let (_marketplace, router) = open().await;
    let response = ask(&router, "POST", "/health").await;
    assert_eq!((response.status.as_u16(), response.code().as_str()), (405, "METHOD_NOT_ALLOWED"));
    assert_eq!(response.header("allow").unwrap(), "GET,HEAD");
}

//! Unknown paths.

use serde_json::json;

use super::open;

#[tokio::test]
async fn unknown_path_returns_a_problem_document() {
    let (_marketplace, api) = open().await;
    for (method, path) in [("GET", "/"), ("POST", "/v2/orders"), ("DELETE", "/health/"), ("GET", "/.env")] {
        let response = api.request(method, path).await;
        assert_eq!(response.status, 404, "{path}");
        assert_eq!(response.header("content-type").unwrap(), "application/problem+json");
        assert_eq!(response.header("x-request-id").unwrap(), "JKJaXmPLvHcESHA=");
        let expected = json!({ "code": "NOT_FOUND", "message": "resource not found" });
        assert_eq!(response.json()["error"], expected, "{path}");
    }
}

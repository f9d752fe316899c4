//! Paths that lead nowhere.

use serde_json::json;

use super::{ask, open};

#[tokio::test]
async fn a_path_that_leads_nowhere_is_answered_in_the_apis_own_words() {
    let (_scene, router) = open().await;
    for (method, path) in [("GET", "/"), ("POST", "/v2/orders"), ("DELETE", "/health/"), ("GET", "/.env")] {
        let answer = ask(&router, method, path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type").unwrap(), "application/problem+json");
        assert_eq!(answer.header("x-request-id").unwrap(), "JKJaXmPLvHcESHA=");
        let expected = json!({ "code": "NOT_FOUND", "message": "there is no such resource" });
        assert_eq!(answer.json()["error"], expected, "{path}");
    }
}

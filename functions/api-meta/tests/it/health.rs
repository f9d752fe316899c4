//! `GET /health`.

use serde_json::json;

use super::{ask, open};

#[tokio::test]
async fn who_gets_an_answer_hears_that_the_system_lives() {
    let (_scene, router) = open().await;
    let answer = ask(&router, "GET", "/health").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), json!({ "data": { "status": "ok" } }));
    assert_eq!(answer.header("cache-control").unwrap(), "no-store");
}

#[tokio::test]
async fn health_is_asked_for_and_not_posted() {
    let (_scene, router) = open().await;
    let answer = ask(&router, "POST", "/health").await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (405, "METHOD_NOT_ALLOWED"));
    assert_eq!(answer.header("allow").unwrap(), "GET,HEAD");
}

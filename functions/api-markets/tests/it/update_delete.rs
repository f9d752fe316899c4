//! `PUT`, `PATCH` and `DELETE /v1/markets/{id}`.

use futures::future::join_all;
use serde_json::{Value, json};
use shared::domain::values::actor::Actor;
use test_support::fixture::{MARKET, moderator, seller, stranger};
use test_support::lambda_event::{RouterResponse, request_event};

use super::{Markets, fields};

impl Markets {
    async fn send_change(
        &self,
        method: &str,
        by: Actor,
        if_match: Option<&str>,
        body: Option<&Value>,
    ) -> RouterResponse {
        let token = self.marketplace.token(by);
        let mut headers = vec![("authorization", token.as_str())];
        headers.extend(if_match.map(|tag| ("if-match", tag)));
        self.send(&request_event(method, &format!("/v1/markets/{MARKET}"), &headers, body)).await
    }
}

/// Status and error code of a response; the code is empty if there is no error.
fn status_and_code(response: &RouterResponse) -> (u16, String) {
    (response.status.as_u16(), response.code())
}

#[tokio::test]
async fn put_replaces_and_patch_merges() {
    let markets = Markets::new().await;
    let described = json!({ "name": "Mugs", "description": "All mugs.", "status": "active" });
    let response = markets.send_change("PUT", seller(), Some("\"1\""), Some(&described)).await;
    assert_eq!(response.json()["data"]["description"], "All mugs.", "{}", response.json());
    assert_eq!(response.header("etag").unwrap(), "\"2.0\"");
    let renamed =
        markets.send_change("PATCH", seller(), Some("\"2\""), Some(&json!({ "name": "Cups" }))).await;
    assert_eq!(renamed.json()["data"]["name"], "Cups");
    assert_eq!(renamed.json()["data"]["description"], "All mugs.");
    let cleared =
        markets.send_change("PATCH", seller(), Some("\"3\""), Some(&json!({ "description": null }))).await;
    assert!(cleared.json()["data"].get("description").is_none(), "{}", cleared.json());
    let bare = json!({ "name": "Cups", "status": "active" });
    markets.send_change("PATCH", seller(), Some("\"4\""), Some(&json!({ "description": "x" }))).await;
    let replaced = markets.send_change("PUT", seller(), Some("\"5\""), Some(&bare)).await;
    assert!(replaced.json()["data"].get("description").is_none(), "{}", replaced.json());
    assert_eq!(replaced.json()["data"]["version"], 6);
}

#[tokio::test]
async fn update_requires_the_current_entity_tag() {
    let markets = Markets::new().await;
    let patch = json!({ "name": "Cups" });
    for (if_match, status, code) in [
        (None, 428, "PRECONDITION_REQUIRED"),
        (Some("W/\"1\""), 412, "VERSION_MISMATCH"),
        (Some("\"2\""), 412, "VERSION_MISMATCH"),
        (Some("1"), 412, "VERSION_MISMATCH"),
    ] {
        let response = markets.send_change("PATCH", seller(), if_match, Some(&patch)).await;
        assert_eq!(status_and_code(&response), (status, code.to_owned()), "{if_match:?}");
        let response = markets.send_change("DELETE", seller(), if_match, None).await;
        assert_eq!(status_and_code(&response), (status, code.to_owned()), "{if_match:?}");
    }
    assert_eq!(markets.send_change("PATCH", seller(), Some("*"), Some(&patch)).await.status, 200);
}

#[tokio::test]
async fn one_of_several_updates_of_one_version_succeeds() {
    let markets = Markets::new().await;
    let patches: Vec<Value> = (0..10).map(|n| json!({ "name": format!("Market {n}") })).collect();
    let requests =
        patches.iter().map(|patch| markets.send_change("PATCH", seller(), Some("\"1\""), Some(patch)));
    let mut statuses: Vec<u16> =
        join_all(requests).await.iter().map(|response| response.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412, 412, 412]);
}

#[tokio::test]
async fn fields_that_cannot_be_changed_are_reported() {
    let markets = Markets::new().await;
    let body = json!({ "name": null, "currency": "USD", "creatorId": "x", "version": 7, "volume": 1 });
    let response = markets.send_change("PATCH", seller(), Some("*"), Some(&body)).await;
    assert_eq!(status_and_code(&response), (400, "VALIDATION_ERROR".to_owned()));
    assert_eq!(fields(&response), ["creatorId", "currency", "name", "version", "volume"]);
    let response =
        markets.send_change("PUT", seller(), Some("*"), Some(&json!({ "description": "x" }))).await;
    assert_eq!(fields(&response), ["name", "status"]);
}

#[tokio::test]
async fn only_the_creator_updates_and_only_a_moderator_suspends() {
    let markets = Markets::new().await;
    let (rename, suspend) = (json!({ "name": "Cups" }), json!({ "status": "suspended" }));
    for body in [&rename, &suspend] {
        let response = markets.send_change("PATCH", stranger(), Some("*"), Some(body)).await;
        assert_eq!(status_and_code(&response), (403, "FORBIDDEN".to_owned()));
    }
    assert_eq!(markets.send_change("DELETE", stranger(), Some("*"), None).await.status, 403);
    let response = markets.send_change("PATCH", moderator(), Some("*"), Some(&rename)).await;
    assert_eq!(status_and_code(&response), (403, "FORBIDDEN".to_owned()));
    let response = markets.send_change("PATCH", seller(), Some("*"), Some(&suspend)).await;
    assert_eq!(status_and_code(&response), (409, "INVALID_STATE".to_owned()));
    let suspended = markets.send_change("PATCH", moderator(), Some("*"), Some(&suspend)).await;
    assert_eq!(suspended.json()["data"]["status"], "suspended", "{}", suspended.json());
    let reactivate = json!({ "status": "active" });
    assert_eq!(markets.send_change("PATCH", seller(), Some("*"), Some(&reactivate)).await.status, 409);
    assert_eq!(markets.send_change("PATCH", moderator(), Some("*"), Some(&reactivate)).await.status, 200);
}

#[tokio::test]
async fn deleted_market_is_not_found() {
    let markets = Markets::new().await;
    assert_eq!(markets.send_change("DELETE", seller(), Some("\"1\""), None).await.status, 204);
    let response = markets.get(&format!("/v1/markets/{MARKET}")).await;
    assert_eq!(status_and_code(&response), (404, "NOT_FOUND".to_owned()));
    assert_eq!(markets.send_change("DELETE", seller(), Some("\"1\""), None).await.status, 404);
    let listed = markets.get("/v1/markets").await;
    assert_eq!(listed.json()["data"], json!([]));
}

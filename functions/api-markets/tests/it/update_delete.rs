//! `PUT`, `PATCH` and `DELETE /v1/markets/{id}`.

use futures::future::join_all;
use serde_json::{Value, json};
use shared::domain::values::actor::Actor;
use test_support::fixture::{MARKET, moderator, seller, stranger};
use test_support::lambda_event::{Answer, of_request};

use super::{Markets, fields};

impl Markets {
    async fn change(&self, method: &str, by: Actor, seen: Option<&str>, body: Option<&Value>) -> Answer {
        let token = self.scene.token(by);
        let mut headers = vec![("authorization", token.as_str())];
        headers.extend(seen.map(|seen| ("if-match", seen)));
        self.send(&of_request(method, &format!("/v1/markets/{MARKET}"), &headers, body)).await
    }
}

fn ended(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.code())
}

#[tokio::test]
async fn put_replaces_and_patch_merges() {
    let markets = Markets::open().await;
    let described = json!({ "name": "Mugs", "description": "All mugs.", "status": "active" });
    let answer = markets.change("PUT", seller(), Some("\"1\""), Some(&described)).await;
    assert_eq!(answer.json()["data"]["description"], "All mugs.", "{}", answer.json());
    assert_eq!(answer.header("etag").unwrap(), "\"2.0\"");
    let renamed = markets.change("PATCH", seller(), Some("\"2\""), Some(&json!({ "name": "Cups" }))).await;
    assert_eq!(renamed.json()["data"]["name"], "Cups");
    assert_eq!(renamed.json()["data"]["description"], "All mugs.");
    let cleared =
        markets.change("PATCH", seller(), Some("\"3\""), Some(&json!({ "description": null }))).await;
    assert!(cleared.json()["data"].get("description").is_none(), "{}", cleared.json());
    let bare = json!({ "name": "Cups", "status": "active" });
    markets.change("PATCH", seller(), Some("\"4\""), Some(&json!({ "description": "x" }))).await;
    let replaced = markets.change("PUT", seller(), Some("\"5\""), Some(&bare)).await;
    assert!(replaced.json()["data"].get("description").is_none(), "{}", replaced.json());
    assert_eq!(replaced.json()["data"]["version"], 6);
}

#[tokio::test]
async fn a_change_needs_the_version_that_was_seen() {
    let markets = Markets::open().await;
    let patch = json!({ "name": "Cups" });
    for (seen, status, code) in [
        (None, 428, "PRECONDITION_REQUIRED"),
        (Some("W/\"1\""), 412, "VERSION_MISMATCH"),
        (Some("\"2\""), 412, "VERSION_MISMATCH"),
        (Some("1"), 412, "VERSION_MISMATCH"),
    ] {
        let answer = markets.change("PATCH", seller(), seen, Some(&patch)).await;
        assert_eq!(ended(&answer), (status, code.to_owned()), "{seen:?}");
        let answer = markets.change("DELETE", seller(), seen, None).await;
        assert_eq!(ended(&answer), (status, code.to_owned()), "{seen:?}");
    }
    assert_eq!(markets.change("PATCH", seller(), Some("*"), Some(&patch)).await.status, 200);
}

#[tokio::test]
async fn of_two_changes_of_one_version_one_is_made() {
    let markets = Markets::open().await;
    let patches: Vec<Value> = (0..10).map(|n| json!({ "name": format!("Market {n}") })).collect();
    let asked = patches.iter().map(|patch| markets.change("PATCH", seller(), Some("\"1\""), Some(patch)));
    let mut statuses: Vec<u16> = join_all(asked).await.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412, 412, 412]);
}

#[tokio::test]
async fn what_cannot_be_changed_is_named() {
    let markets = Markets::open().await;
    let body = json!({ "name": null, "currency": "USD", "creatorId": "x", "version": 7, "volume": 1 });
    let answer = markets.change("PATCH", seller(), Some("*"), Some(&body)).await;
    assert_eq!(ended(&answer), (400, "VALIDATION_ERROR".to_owned()));
    assert_eq!(fields(&answer), ["creatorId", "currency", "name", "version", "volume"]);
    let answer = markets.change("PUT", seller(), Some("*"), Some(&json!({ "description": "x" }))).await;
    assert_eq!(fields(&answer), ["name", "status"]);
}

#[tokio::test]
async fn only_the_creator_changes_a_market_and_only_a_moderator_suspends_it() {
    let markets = Markets::open().await;
    let (rename, suspend) = (json!({ "name": "Cups" }), json!({ "status": "suspended" }));
    for body in [&rename, &suspend] {
        let answer = markets.change("PATCH", stranger(), Some("*"), Some(body)).await;
        assert_eq!(ended(&answer), (403, "FORBIDDEN".to_owned()));
    }
    assert_eq!(markets.change("DELETE", stranger(), Some("*"), None).await.status, 403);
    let answer = markets.change("PATCH", moderator(), Some("*"), Some(&rename)).await;
    assert_eq!(ended(&answer), (403, "FORBIDDEN".to_owned()));
    let answer = markets.change("PATCH", seller(), Some("*"), Some(&suspend)).await;
    assert_eq!(ended(&answer), (409, "INVALID_STATE".to_owned()));
    let suspended = markets.change("PATCH", moderator(), Some("*"), Some(&suspend)).await;
    assert_eq!(suspended.json()["data"]["status"], "suspended", "{}", suspended.json());
    let reopen = json!({ "status": "active" });
    assert_eq!(markets.change("PATCH", seller(), Some("*"), Some(&reopen)).await.status, 409);
    assert_eq!(markets.change("PATCH", moderator(), Some("*"), Some(&reopen)).await.status, 200);
}

#[tokio::test]
async fn a_removed_market_is_gone_and_stays_so() {
    let markets = Markets::open().await;
    assert_eq!(markets.change("DELETE", seller(), Some("\"1\""), None).await.status, 204);
    let answer = markets.get(&format!("/v1/markets/{MARKET}")).await;
    assert_eq!(ended(&answer), (404, "NOT_FOUND".to_owned()));
    assert_eq!(markets.change("DELETE", seller(), Some("\"1\""), None).await.status, 404);
    let listed = markets.get("/v1/markets").await;
    assert_eq!(listed.json()["data"], json!([]));
}

//! `PUT`, `PATCH` and `DELETE /v1/markets/{id}`.

use futures::future::join_all;
use serde_json::{Value, json};
use shared::domain::market::MarketStatus;
use shared::domain::order::OrderId;
use shared::domain::order::cancel::CancelOrder;
use shared::domain::values::actor::Actor;
use shared::projections::tally::count::CountEntities;
use shared::repository::user::UserReader;
use test_support::api_function::ApiRequest;
use test_support::fixture::{MARKET, buyer, id, moderator, new_id, seller, stranger};

use super::Markets;

fn path() -> String {
    format!("/v1/markets/{MARKET}")
}

impl Markets {
    fn patch(&self, by: Actor, if_match: &str, body: &Value) -> ApiRequest<'_> {
        self.api.patch(&path()).by(by).if_match(if_match).json(body)
    }
}

#[tokio::test]
async fn put_replaces_and_patch_merges() {
    let markets = Markets::new().await;
    let described = json!({ "name": "Mugs", "description": "All mugs.", "status": "active" });
    let response = markets.api.put(&path()).by(seller()).if_match("\"1.0\"").json(&described).await;
    assert_eq!(response.json()["data"]["description"], "All mugs.", "{}", response.json());
    assert_eq!(response.header("etag").unwrap(), "\"2.0\"");
    let renamed = markets.patch(seller(), "\"2.0\"", &json!({ "name": "Cups" })).await;
    assert_eq!(renamed.json()["data"]["name"], "Cups");
    assert_eq!(renamed.json()["data"]["description"], "All mugs.");
    let cleared = markets.patch(seller(), "\"3.0\"", &json!({ "description": null })).await;
    assert!(cleared.json()["data"].get("description").is_none(), "{}", cleared.json());
    let bare = json!({ "name": "Cups", "status": "active" });
    markets.patch(seller(), "\"4.0\"", &json!({ "description": "x" })).await;
    let replaced = markets.api.put(&path()).by(seller()).if_match("\"5.0\"").json(&bare).await;
    assert!(replaced.json()["data"].get("description").is_none(), "{}", replaced.json());
    assert_eq!(replaced.json()["data"]["version"], 6);
}

#[tokio::test]
async fn update_requires_the_current_entity_tag() {
    let markets = Markets::new().await;
    let patch = json!({ "name": "Cups" });
    for (headers, status, code) in [
        (vec![], 428, "PRECONDITION_REQUIRED"),
        (vec![("if-match", "W/\"1.0\"")], 412, "VERSION_MISMATCH"),
        (vec![("if-match", "\"2.0\"")], 412, "VERSION_MISMATCH"),
        (vec![("if-match", "1.0")], 412, "VERSION_MISMATCH"),
        (vec![("if-match", "\"1\"")], 412, "VERSION_MISMATCH"),
        (vec![("if-match", "\"01.0\"")], 412, "VERSION_MISMATCH"),
    ] {
        let response = markets.api.patch(&path()).by(seller()).headers(&headers).json(&patch).await;
        assert_eq!(response.error(), (status, code), "{headers:?}");
        let response = markets.api.delete(&path()).by(seller()).headers(&headers).await;
        assert_eq!(response.error(), (status, code), "{headers:?}");
    }
    assert_eq!(markets.patch(seller(), "*", &patch).await.status, 200);
}

#[tokio::test]
async fn one_of_several_updates_of_one_version_succeeds() {
    let markets = Markets::new().await;
    let patches: Vec<Value> = (0..10).map(|n| json!({ "name": format!("Market {n}") })).collect();
    let request = |patch| markets.patch(seller(), "\"1.0\"", patch).into_future();
    let requests = patches.iter().map(request);
    let mut statuses: Vec<u16> =
        join_all(requests).await.iter().map(|response| response.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412, 412, 412]);
}

#[tokio::test]
async fn fields_that_cannot_be_changed_are_reported() {
    let markets = Markets::new().await;
    let body = json!({ "name": null, "currency": "USD", "creatorId": "x", "version": 7, "volume": 1 });
    let response = markets.patch(seller(), "*", &body).await;
    assert_eq!(response.error(), (400, "VALIDATION_ERROR"));
    assert_eq!(response.fields(), ["creatorId", "currency", "name", "version", "volume"]);
    let response =
        markets.api.put(&path()).by(seller()).if_match("*").json(&json!({ "description": "x" })).await;
    assert_eq!(response.fields(), ["name", "status"]);
}

#[tokio::test]
async fn only_the_creator_updates_and_only_a_moderator_suspends() {
    let markets = Markets::new().await;
    let (rename, suspend) = (json!({ "name": "Cups" }), json!({ "status": "suspended" }));
    for body in [&rename, &suspend] {
        let response = markets.patch(stranger(), "*", body).await;
        assert_eq!(response.error(), (403, "FORBIDDEN"));
    }
    assert_eq!(markets.api.delete(&path()).by(stranger()).if_match("*").await.status, 403);
    let response = markets.patch(moderator(), "*", &rename).await;
    assert_eq!(response.error(), (403, "FORBIDDEN"));
    let response = markets.patch(seller(), "*", &suspend).await;
    assert_eq!(response.error(), (409, "INVALID_STATE"));
    let suspended = markets.patch(moderator(), "*", &suspend).await;
    assert_eq!(suspended.json()["data"]["status"], "suspended", "{}", suspended.json());
    let reactivate = json!({ "status": "active" });
    assert_eq!(markets.patch(seller(), "*", &reactivate).await.status, 409);
    assert_eq!(markets.patch(moderator(), "*", &reactivate).await.status, 200);
}

#[tokio::test]
async fn deleted_market_is_not_found() {
    let markets = Markets::new().await;
    assert_eq!(markets.api.delete(&path()).by(seller()).if_match("\"1.0\"").await.status, 204);
    let response = markets.api.get(&path()).await;
    assert_eq!(response.error(), (404, "NOT_FOUND"));
    assert_eq!(markets.api.delete(&path()).by(seller()).if_match("\"1.0\"").await.status, 404);
    let listed = markets.api.get("/v1/markets").await;
    assert_eq!(listed.json()["data"], json!([]));
}

#[tokio::test]
async fn market_with_an_open_order_is_not_deleted() {
    let markets = Markets::new().await;
    let order = markets.marketplace.order(None).await;
    let count = |order: OrderId| {
        let mut count = CountEntities::default();
        count.order(order, id(MARKET));
        count
    };
    markets.marketplace.run(count(order.id)).await;
    let refused = markets.api.delete(&path()).by(seller()).if_match("*").await;
    assert_eq!(refused.error(), (409, "INVALID_STATE"), "{}", refused.json());
    markets.marketplace.run(CancelOrder { id: order.id, by: buyer(), reason: None }).await;
    markets.marketplace.run(count(order.id)).await;
    assert_eq!(markets.api.delete(&path()).by(seller()).if_match("*").await.status, 204);
}

#[tokio::test]
async fn market_with_an_uncounted_order_is_not_deleted() {
    let markets = Markets::new().await;
    let orders = markets.marketplace.place_orders(1).await;
    let refused = markets.api.delete(&path()).by(seller()).if_match("*").await;
    assert_eq!(refused.error(), (409, "INVALID_STATE"), "{}", refused.json());
    markets.marketplace.run(CancelOrder { id: orders[0].id, by: buyer(), reason: None }).await;
    assert_eq!(markets.api.delete(&path()).by(seller()).if_match("*").await.status, 204);
}

#[tokio::test]
async fn suspended_market_is_not_deleted() {
    let markets = Markets::new().await;
    markets.marketplace.set_market_status(MARKET, MarketStatus::Suspended).await;
    assert_eq!(markets.api.delete(&path()).by(seller()).if_match("*").await.error(), (409, "INVALID_STATE"));
}

#[tokio::test]
async fn moderator_does_not_activate_the_market_of_a_suspended_seller() {
    let markets = Markets::new().await;
    markets.marketplace.set_market_status(MARKET, MarketStatus::Suspended).await;
    let account = markets.marketplace.reader.user(seller().user).await.unwrap().unwrap();
    markets.marketplace.suspend(account).await;
    let activated = markets.patch(moderator(), "*", &json!({ "status": "active" })).await;
    assert_eq!(activated.error(), (409, "INVALID_STATE"));
    assert_eq!(markets.patch(moderator(), "*", &json!({ "status": "closed" })).await.status, 200);
}

#[tokio::test]
async fn suspended_or_deleted_account_cannot_change_markets() {
    let markets = Markets::new().await;
    let account = markets.marketplace.reader.user(seller().user).await.unwrap().unwrap();
    markets.marketplace.suspend(account).await;
    let deleted = Actor { user: new_id(), ..seller() };
    let body = json!({ "name": "Cups", "currency": "EUR" });
    for by in [seller(), deleted] {
        let created = markets.api.post("/v1/markets").by(by).json(&body).await;
        assert_eq!(created.error(), (401, "TOKEN_REVOKED"));
    }
    let patched = markets.patch(seller(), "*", &json!({ "name": "Cups" })).await;
    assert_eq!(patched.error(), (401, "TOKEN_REVOKED"));
    let removed = markets.api.delete(&path()).by(seller()).if_match("*").await;
    assert_eq!(removed.error(), (401, "TOKEN_REVOKED"));
}

#[tokio::test]
async fn repeated_deletion_with_the_same_key_is_replayed() {
    let markets = Markets::new().await;
    let delete = || markets.api.delete(&path()).by(seller()).if_match("*").key("k1");
    let (first, second) = (delete().await, delete().await);
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (204, 204));
    assert_eq!(first.header("idempotent-replay"), None);
    assert_eq!(second.header("idempotent-replay").unwrap(), "true");
}

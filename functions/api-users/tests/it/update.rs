//! `PUT` and `PATCH /v1/users/{id}`.

use futures::future::join_all;
use serde_json::{Value, json};
use test_support::fixture::{admin, buyer, moderator, new_id, stranger};

use super::{Users, path};

#[tokio::test]
async fn put_replaces_the_name() {
    let users = Users::open().await;
    let body = json!({ "email": " Stranger@Example.COM ", "name": " Someone " });
    let response = users.api.put(&path(stranger().user)).by(stranger()).if_match("\"1\"").json(&body).await;
    assert_eq!(response.status, 200, "{}", response.json());
    assert_eq!(response.header("etag").unwrap(), "\"2\"");
    let shown = response.json()["data"].clone();
    assert_eq!((&shown["email"], &shown["name"]), (&json!("stranger@example.com"), &json!("Someone")));
    assert_eq!((&shown["version"], &shown["role"]), (&json!(2), &json!("user")));
    assert_eq!(users.api.get("/v1/users/me").by(stranger()).await.json()["data"], shown);
}

#[tokio::test]
async fn patch_without_changes_creates_no_version() {
    let users = Users::open().await;
    let renamed = users.patch(stranger(), stranger().user, &json!({ "name": "Someone" })).await;
    let shown = renamed.json()["data"].clone();
    assert_eq!((&shown["name"], &shown["email"]), (&json!("Someone"), &json!("stranger@example.com")));
    for patch in [json!({}), json!({ "name": "Someone" }), json!({ "email": "STRANGER@example.com" })] {
        let response = users.patch(stranger(), stranger().user, &patch).await;
        assert_eq!((response.status.as_u16(), &response.json()["data"]), (200, &shown), "{patch}");
    }
}

#[tokio::test]
async fn notifications_are_turned_off_and_on_again() {
    let users = Users::open().await;
    let patch = |sales: bool| {
        let body = json!({ "notifications": { "sales": sales } });
        users.api.patch("/v1/users/me").by(stranger()).if_match("*").json(&body)
    };
    for (sales, version) in [(true, 1), (false, 2), (false, 2), (true, 3)] {
        let response = patch(sales).await;
        assert_eq!(response.status, 200, "{}", response.json());
        let shown = response.json()["data"].clone();
        assert_eq!((&shown["notifications"]["sales"], &shown["version"]), (&json!(sales), &json!(version)));
        assert_eq!(users.api.get("/v1/users/me").by(stranger()).await.json()["data"], shown);
    }
    for body in [json!({ "notifications": null }), json!({ "notifications": { "all": false } })] {
        let response = users.api.patch("/v1/users/me").by(stranger()).if_match("*").json(&body).await;
        assert_eq!(response.error(), (400, "VALIDATION_ERROR"), "{body}");
    }
    let outdated = users.api.patch("/v1/users/me").by(stranger()).if_match("\"1\"").json(&json!({})).await;
    assert_eq!(outdated.error(), (412, "VERSION_MISMATCH"));
}

#[tokio::test]
async fn own_account_is_patched_by_its_owner_only() {
    let users = Users::open().await;
    let own_role = json!({ "role": "admin" });
    let response = users.api.patch("/v1/users/me").by(stranger()).if_match("*").json(&own_role).await;
    assert_eq!(response.error(), (400, "VALIDATION_ERROR"));
    let body = json!({ "name": "Someone" });
    let response = users.api.patch("/v1/users/me").if_match("*").json(&body).await;
    assert_eq!(response.error(), (401, "UNAUTHENTICATED"));
    let response = users.api.patch("/v1/users/me").by(stranger()).if_match("*").json(&body).await;
    assert_eq!((response.status.as_u16(), &response.json()["data"]["name"]), (200, &body["name"]));
    let foreign = json!({ "notifications": { "sales": false } });
    let response = users.patch(moderator(), stranger().user, &foreign).await;
    assert_eq!(response.error(), (403, "FORBIDDEN"));
    assert_eq!(response.json()["error"]["permission"], "users:update");
}

#[tokio::test]
async fn change_requires_the_current_version() {
    let users = Users::open().await;
    let patch = json!({ "name": "Someone" });
    let own = path(stranger().user);
    for method in ["PUT", "PATCH", "DELETE"] {
        let change = || {
            let request = users.api.request(method, &own).by(stranger());
            let body = json!({ "email": "stranger@example.com", "name": "Someone" });
            if method == "DELETE" { request } else { request.json(&body) }
        };
        let missing = change().await;
        assert_eq!(missing.error(), (428, "PRECONDITION_REQUIRED"), "{method}");
        for other in ["\"2\"", "W/\"1\"", "1", "\"2\", \"3\"", "\"01\"", "\"1.0\"", ""] {
            let response = change().if_match(other).await;
            assert_eq!(response.error(), (412, "VERSION_MISMATCH"), "{method} {other}");
        }
    }
    assert_eq!(users.stored(stranger().user).await.unwrap().version.get(), 1);
    let first = users.api.patch(&own).by(stranger()).if_match("\"1\"").json(&patch).await;
    assert_eq!(first.status, 200);
    let second = users.api.patch(&own).by(stranger()).if_match("\"1\"").json(&patch).await;
    assert_eq!(second.error(), (412, "VERSION_MISMATCH"));
}

#[tokio::test]
async fn one_of_ten_concurrent_changes_succeeds() {
    let users = Users::open().await;
    let bodies: Vec<Value> = (0..10).map(|n| json!({ "name": format!("Someone {n}") })).collect();
    let own = path(stranger().user);
    let request = |body| users.api.patch(&own).by(stranger()).if_match("\"1\"").json(body).into_future();
    let mut statuses: Vec<u16> =
        join_all(bodies.iter().map(request)).await.iter().map(|response| response.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![200], vec![412; 9]].concat());
    assert_eq!(users.stored(stranger().user).await.unwrap().version.get(), 2);
}

#[tokio::test]
async fn changing_other_accounts_requires_the_permission() {
    let users = Users::open().await;
    let patch = json!({ "name": "Someone" });
    for user in [buyer().user, admin().user, new_id()] {
        assert_eq!(users.patch(stranger(), user, &patch).await.error(), (404, "NOT_FOUND"));
    }
    assert_eq!(users.patch(moderator(), stranger().user, &patch).await.error(), (403, "FORBIDDEN"));
    assert_eq!(users.patch(admin(), stranger().user, &patch).await.json()["data"]["name"], "Someone");
    let body = json!({ "email": "stranger@example.com", "name": "No one" });
    let replaced = users.api.put(&path(stranger().user)).by(admin()).if_match("*").json(&body).await;
    assert_eq!(replaced.json()["data"]["name"], "No one");
}

#[tokio::test]
async fn all_invalid_fields_are_reported() {
    let users = Users::open().await;
    let own = path(stranger().user);
    let body = json!({ "email": "x", "role": "user", "colour": 7 });
    let response = users.api.put(&own).by(stranger()).if_match("*").json(&body).await;
    let expected = json!({
        "email": "must be an e-mail address, like ada@example.com",
        "name": "is required",
        "role": "is not a known field",
        "colour": "is not a known field",
    });
    assert_eq!(response.code(), "VALIDATION_ERROR");
    assert_eq!(response.json()["error"]["fields"], expected);
    let body = json!({ "email": null, "name": " ", "role": "owner", "status": 1, "id": "usr_1" });
    let response = users.patch(stranger(), stranger().user, &body).await;
    let expected = json!({
        "email": "must not be null",
        "name": "must not be empty",
        "role": "must be one of user, moderator, admin",
        "status": "must be a string",
        "id": "is not a known field",
    });
    assert_eq!(response.json()["error"]["fields"], expected);
}

#[tokio::test]
async fn repetition_with_same_key_returns_the_first_response() {
    let users = Users::open().await;
    let body = json!({ "name": "Someone" });
    let own = path(stranger().user);
    let first = users.api.patch(&own).by(stranger()).if_match("\"1\"").key("k1").json(&body).await;
    let second = users.api.patch(&own).by(stranger()).if_match("\"1\"").key("k1").json(&body).await;
    assert_eq!((first.status, second.status), (second.status, first.status));
    assert_eq!(first.bytes, second.bytes);
    assert_eq!(second.header("idempotent-replay").unwrap(), "true");
}

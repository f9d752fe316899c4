//! `PUT` and `PATCH /v1/users/{id}`.

use futures::future::join_all;
use serde_json::{Value, json};
use shared::repository::user::UserReader;
use test_support::fixture::{admin, buyer, moderator, new_id, stranger};

use super::{Users, path};

impl Users {
    /// Id of the account with an address.
    async fn account_with_address(&self, email: &str) -> Option<String> {
        let account = self.marketplace.reader.account_by_email(&email.parse().unwrap()).await.unwrap();
        account.map(|(user, _)| user.id.to_string())
    }
}

#[tokio::test]
async fn put_replaces_name_and_address() {
    let users = Users::open().await;
    let body = json!({ "email": " Someone@Example.ORG ", "name": " Someone " });
    let response = users.api.put(&path(stranger().user)).by(stranger()).if_match("\"1\"").json(&body).await;
    assert_eq!(response.status, 200, "{}", response.json());
    assert_eq!(response.header("etag").unwrap(), "\"2\"");
    let shown = response.json()["data"].clone();
    assert_eq!((&shown["email"], &shown["name"]), (&json!("someone@example.org"), &json!("Someone")));
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
async fn changed_address_releases_the_old_one() {
    let users = Users::open().await;
    let to = |email: &str| json!({ "email": email });
    assert_eq!(
        users.patch(stranger(), stranger().user, &to("Buyer@example.com")).await.error(),
        (409, "EMAIL_TAKEN")
    );
    assert_eq!(users.stored(stranger().user).await.unwrap().version.get(), 1);
    assert_eq!(users.patch(stranger(), stranger().user, &to("new@example.com")).await.status, 200);
    assert_eq!(users.account_with_address("stranger@example.com").await, None);
    assert_eq!(users.account_with_address("new@example.com").await, Some(stranger().user.to_string()));
    assert_eq!(users.patch(buyer(), buyer().user, &to("stranger@example.com")).await.status, 200);
    assert_eq!(users.account_with_address("stranger@example.com").await, Some(buyer().user.to_string()));
    assert_eq!(
        users.patch(buyer(), buyer().user, &to("new@example.com")).await.error(),
        (409, "EMAIL_TAKEN")
    );
}

#[tokio::test]
async fn one_of_ten_accounts_gets_a_contested_address() {
    let users = Users::empty().await;
    let mut actors = Vec::new();
    for n in 0..10 {
        let actor = shared::domain::values::actor::Actor { user: new_id(), ..stranger() };
        users.marketplace.user(actor, &format!("person{n}")).await;
        actors.push(actor);
    }
    let body = json!({ "email": "contested@example.com" });
    let responses =
        join_all(actors.iter().map(|actor| users.patch(*actor, actor.user, &body).into_future())).await;
    let winner = responses.iter().position(|response| response.status == 200).unwrap();
    assert_eq!(
        users.account_with_address("contested@example.com").await,
        Some(actors[winner].user.to_string())
    );
    for (n, response) in responses.iter().enumerate().filter(|(n, _)| *n != winner) {
        assert_eq!(response.error(), (409, "EMAIL_TAKEN"));
        let own = users.account_with_address(&format!("person{n}@example.com")).await;
        assert_eq!(own, Some(actors[n].user.to_string()));
    }
}

#[tokio::test]
async fn new_address_is_unverified() {
    let users = Users::open().await;
    let account = users.stored(stranger().user).await.unwrap();
    let event = shared::domain::user::UserEvent::Changed { user_id: account.id };
    let version = account.version.next();
    users
        .marketplace
        .put_entity(shared::domain::user::User { email_verified: true, version, ..account }, event)
        .await;
    let renamed = users.patch(stranger(), stranger().user, &json!({ "name": "Someone" })).await;
    assert_eq!(renamed.json()["data"]["emailVerified"], true);
    let moved = users.patch(stranger(), stranger().user, &json!({ "email": "new@example.com" })).await;
    assert_eq!(moved.json()["data"]["emailVerified"], false);
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
    let body = json!({ "email": "new@example.com", "name": "Someone" });
    let replaced = users.api.put(&path(stranger().user)).by(admin()).if_match("*").json(&body).await;
    assert_eq!(replaced.json()["data"]["email"], "new@example.com");
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

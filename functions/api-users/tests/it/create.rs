//! `POST /v1/users`.

use futures::future::join_all;
use serde_json::{Value, json};
use shared::domain::values::actor::Actor;
use shared::repository::user::UserReader;
use test_support::api_function::ApiRequest;
use test_support::fixture::{admin, moderator, stranger};

use super::{Users, path};

fn grace() -> Value {
    json!({ "email": "Grace@Example.com", "name": "Grace Hopper", "role": "moderator" })
}

impl Users {
    fn create(&self, by: Actor, key: &str, body: &Value) -> ApiRequest<'_> {
        self.api.post("/v1/users").by(by).header("idempotency-key", key).json(body)
    }
}

#[tokio::test]
async fn administrator_creates_an_account_without_password() {
    let users = Users::open().await;
    let response = users.create(admin(), "k1", &grace()).await;
    assert_eq!(response.status, 201, "{}", response.json());
    let created = response.json()["data"].clone();
    let id = created["id"].as_str().unwrap();
    assert_eq!(response.header("location").unwrap(), format!("/v1/users/{id}"));
    assert_eq!(response.header("etag").unwrap(), "\"1\"");
    assert_eq!((&created["email"], &created["role"]), (&json!("grace@example.com"), &json!("moderator")));
    assert_eq!((&created["emailVerified"], &created["status"]), (&json!(false), &json!("active")));
    let (_, credentials) =
        users.marketplace.reader.account_by_id(id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(credentials.password_hash(), None);
    let shown = users.api.get(&path(id.parse().unwrap())).by(admin()).await;
    assert_eq!(shown.json()["data"], created);
}

#[tokio::test]
async fn repeated_request_creates_one_account() {
    let users = Users::open().await;
    let responses = join_all((0..5).map(|_| users.create(admin(), "k1", &grace()).into_future())).await;
    let created: Vec<_> = responses.iter().filter(|response| response.status == 201).collect();
    assert!(!created.is_empty());
    assert!(created.iter().all(|response| response.json()["data"] == created[0].json()["data"]));
    let replay = users.create(admin(), "k1", &grace()).await;
    assert_eq!(replay.header("idempotent-replay").unwrap(), "true");
    assert_eq!(replay.json()["data"], created[0].json()["data"]);
    let other = json!({ "email": "ada@example.com", "name": "Ada", "role": "user" });
    assert_eq!(users.create(admin(), "k1", &other).await.error(), (422, "IDEMPOTENCY_KEY_REUSED"));
    let without_key = users.api.post("/v1/users").by(admin()).json(&other).await;
    assert_eq!(without_key.error(), (400, "IDEMPOTENCY_KEY_REQUIRED"));
}

#[tokio::test]
async fn taken_address_is_a_conflict_that_names_the_field() {
    let users = Users::open().await;
    let body = json!({ "email": "STRANGER@example.com", "name": "Grace", "role": "user" });
    let response = users.create(admin(), "k1", &body).await;
    assert_eq!(response.error(), (409, "EMAIL_TAKEN"));
    let fields = &response.json()["error"]["fields"];
    assert_eq!(fields["email"], "an account with this e-mail address already exists");
}

#[tokio::test]
async fn only_administrators_create_accounts() {
    let users = Users::open().await;
    for actor in [stranger(), moderator()] {
        for role in ["user", "moderator", "admin"] {
            let body = json!({ "email": "eve@example.com", "name": "Eve", "role": role });
            let response = users.create(actor, "k1", &body).await;
            assert_eq!(response.error(), (403, "FORBIDDEN"), "{role}");
            assert_eq!(response.json()["error"]["permission"], "users:create");
        }
    }
    let anonymous = users.api.post("/v1/users").header("idempotency-key", "k1").json(&grace()).await;
    assert_eq!(anonymous.error(), (401, "UNAUTHENTICATED"));
    let demoted = users.patch(admin(), moderator().user, &json!({ "role": "admin" })).await;
    assert_eq!(demoted.status, 200, "{}", demoted.json());
    let promoted = users.create(moderator(), "k1", &grace()).await;
    assert_eq!(promoted.error(), (403, "FORBIDDEN"), "the token still has the old role");
}

#[tokio::test]
async fn every_invalid_field_is_reported() {
    let users = Users::open().await;
    let body = json!({ "email": "x", "name": "", "role": "root", "password": "correct horse battery" });
    let response = users.create(admin(), "k1", &body).await;
    assert_eq!(response.error(), (400, "VALIDATION_ERROR"));
    let fields = response.json()["error"]["fields"].clone();
    let named: Vec<&str> = fields.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(named, ["email", "name", "password", "role"]);
}

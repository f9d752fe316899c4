//! Accounts over HTTP, and what becomes of their sessions.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use shared::domain::user::Role;
use test_support::TestApp;

const PASSWORD: &str = "correct horse battery staple";

/// Logs somebody in; gives the tokens.
async fn log_in(shop: &TestApp, email: &str) -> Value {
    let body = json!({ "email": email, "password": PASSWORD });
    shop.ask(Method::POST, "/v1/auth/login").json(&body).send().await.data(StatusCode::OK)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_changed_suspended_reinstated_and_deleted() {
    let shop = TestApp::open().await;
    let (admin, ada) = (shop.user_with_role("admin", Role::Admin).await, shop.customer("ada").await);
    let path = format!("/v1/users/{}", ada.id);

    let moved = json!({ "email": "countess@example.com", "name": "Ada Byron" });
    let put = |tag: &str| shop.ask(Method::PUT, &path).by(&ada).header("if-match", tag).json(&moved);
    let shown = put("\"1\"").send().await.data(StatusCode::OK);
    assert_eq!((&shown["email"], &shown["version"]), (&moved["email"], &json!(2)));
    assert_eq!(put("\"1\"").send().await.code(StatusCode::PRECONDITION_FAILED), "VERSION_MISMATCH");
    let me = shop.ask(Method::GET, "/v1/users/me").by(&ada).header("if-none-match", "\"2\"").send().await;
    assert_eq!(me.status, StatusCode::NOT_MODIFIED);

    let tokens = log_in(&shop, "countess@example.com").await;
    let become_now = async |status: &str| {
        let asked = shop.ask(Method::PATCH, &path).by(&admin).header("if-match", "*");
        asked.json(&json!({ "status": status })).send().await.data(StatusCode::OK)
    };
    assert_eq!(become_now("suspended").await["status"], "suspended");
    assert_eq!(become_now("active").await["status"], "active");
    let refresh = json!({ "refreshToken": tokens["refreshToken"] });
    let refreshed = shop.ask(Method::POST, "/v1/auth/refresh").json(&refresh).send().await;
    assert_eq!(refreshed.code(StatusCode::UNAUTHORIZED), "TOKEN_REVOKED");

    let list = shop.ask(Method::GET, "/v1/users?search=count&role=user&sort=name").by(&admin).send().await;
    assert_eq!(list.data(StatusCode::OK)[0]["id"], ada.id);
    let deleted = shop.ask(Method::DELETE, &path).by(&ada).header("if-match", "\"4\"").send().await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{}", deleted.text);
    let gone = shop.ask(Method::GET, &path).by(&admin).send().await;
    assert_eq!(gone.code(StatusCode::NOT_FOUND), "NOT_FOUND");
    shop.customer("countess").await;
}

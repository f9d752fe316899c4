//! Changes of accounts, and their effect on sessions.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use shared::domain::user::Role;
use test_support::TestApp;
use test_support::app::eventually;

const PASSWORD: &str = "correct horse battery staple";

/// Address to which Ada changes.
const NEW_ADDRESS: &str = "countess@example.com";

/// Logs in and returns the tokens.
async fn log_in(app: &TestApp, email: &str) -> Value {
    let body = json!({ "email": email, "password": PASSWORD });
    app.request(Method::POST, "/v1/auth/login").json(&body).send().await.data(StatusCode::OK)
}

#[tokio::test(flavor = "multi_thread")]
async fn account_is_updated_suspended_reinstated_and_deleted() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.user_with_role("admin", Role::Admin).await, app.register("ada").await);
    let path = format!("/v1/users/{}", ada.id);

    let update = json!({ "email": NEW_ADDRESS, "name": "Ada Byron", "currentPassword": PASSWORD });
    let put = |tag: &str| app.request(Method::PUT, &path).by(&ada).header("if-match", tag).json(&update);
    let updated = put("\"1\"").send().await.data(StatusCode::OK);
    assert_eq!((&updated["email"], &updated["version"]), (&json!(ada.email), &json!(2)));
    assert_eq!(updated["pendingEmail"], NEW_ADDRESS);
    assert_eq!(put("\"1\"").send().await.code(StatusCode::PRECONDITION_FAILED), "VERSION_MISMATCH");
    let me = app.request(Method::GET, "/v1/users/me").by(&ada).header("if-none-match", "\"2\"").send().await;
    assert_eq!(me.status, StatusCode::NOT_MODIFIED);

    let verified = app.verify_email(NEW_ADDRESS).await;
    assert_eq!((&verified["email"], &verified["version"]), (&json!(NEW_ADDRESS), &json!(3)));
    let notified = || async {
        app.stack().mail().sent_to(&ada.email).pop().filter(|email| email.tags["kind"] == "address-change")
    };
    eventually("the old address is notified", notified).await;
    let tokens = log_in(&app, NEW_ADDRESS).await;
    let set_status = async |status: &str| {
        let request = app.request(Method::PATCH, &path).by(&admin).header("if-match", "*");
        request.json(&json!({ "status": status })).send().await.data(StatusCode::OK)
    };
    assert_eq!(set_status("suspended").await["status"], "suspended");
    assert_eq!(set_status("active").await["status"], "active");
    let refresh = json!({ "refreshToken": tokens["refreshToken"] });
    let refreshed = app.request(Method::POST, "/v1/auth/refresh").json(&refresh).send().await;
    assert_eq!(refreshed.code(StatusCode::UNAUTHORIZED), "TOKEN_REVOKED");

    // By the beginning of the address, and by a word of the name, which is indexed a little later.
    for search in ["count", "ada"] {
        let list = || async {
            let path = format!("/v1/users?search={search}&role=user&sort=name");
            let list = app.request(Method::GET, &path).by(&admin).send().await.data(StatusCode::OK);
            list.as_array()?.iter().any(|user| user["id"] == ada.id).then_some(())
        };
        eventually(&format!("the account is found by {search}"), list).await;
    }
    let deleted = app.request(Method::DELETE, &path).by(&ada).header("if-match", "\"5\"").send().await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{}", deleted.text);
    let deleted = app.request(Method::GET, &path).by(&admin).send().await;
    assert_eq!(deleted.code(StatusCode::NOT_FOUND), "NOT_FOUND");
    app.register("countess").await;
}

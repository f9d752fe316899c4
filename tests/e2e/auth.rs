//! Accounts and sessions over HTTP.

use http::{Method, StatusCode};
use serde_json::json;
use test_support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_session_lives_by_its_refresh_tokens_and_dies_of_a_spent_one() {
    let shop = TestApp::open().await;
    let customer = shop.customer("ada").await;
    let login = json!({ "email": customer.email, "password": "correct horse battery staple" });
    let tokens = shop.ask(Method::POST, "/v1/auth/login").json(&login).send().await.data(StatusCode::OK);
    let refresh = |token: serde_json::Value| {
        let body = json!({ "refreshToken": token });
        let ask = shop.ask(Method::POST, "/v1/auth/refresh").json(&body);
        async move { ask.send().await }
    };
    let first = tokens["refreshToken"].clone();
    let second = refresh(first.clone()).await.data(StatusCode::OK)["refreshToken"].clone();
    // The answer may have been lost: asked again at once, it is the same.
    assert_eq!(refresh(first.clone()).await.data(StatusCode::OK)["refreshToken"], second);
    let third = refresh(second).await.data(StatusCode::OK)["refreshToken"].clone();
    assert_eq!(refresh(first).await.code(StatusCode::UNAUTHORIZED), "REFRESH_REUSED");
    assert_eq!(refresh(third).await.code(StatusCode::UNAUTHORIZED), "TOKEN_REVOKED");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_registrations_of_one_address_at_once_one_succeeds() {
    let shop = TestApp::open().await;
    let account = json!({ "email": "Ada@Example.com", "password": "correct horse", "name": "Ada" });
    let asked = (0..10).map(|_| shop.ask(Method::POST, "/v1/auth/register").json(&account).send());
    let answers = futures::future::join_all(asked).await;
    let created = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count();
    assert_eq!(created, 1);
    for answer in answers.iter().filter(|answer| answer.status != StatusCode::CREATED) {
        assert_eq!(answer.code(StatusCode::CONFLICT), "EMAIL_TAKEN");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_that_lead_nowhere_and_wrong_methods_are_answered_in_the_apis_own_words() {
    let shop = TestApp::open().await;
    let nowhere = shop.ask(Method::GET, "/v1/nowhere").send().await;
    assert_eq!(nowhere.code(StatusCode::NOT_FOUND), "NOT_FOUND");
    let wrong = shop.ask(Method::DELETE, "/v1/orders").send().await;
    assert_eq!(wrong.code(StatusCode::METHOD_NOT_ALLOWED), "METHOD_NOT_ALLOWED");
    assert!(wrong.headers["allow"].to_str().unwrap().contains("POST"));
    assert_eq!(shop.ask(Method::GET, "/health/ready").send().await.status, StatusCode::OK);
}

//! Registration, sessions and errors of unknown paths.

use http::{Method, StatusCode};
use serde_json::json;
use test_support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn reused_refresh_token_ends_the_session() {
    let app = TestApp::start().await;
    let customer = app.register("ada").await;
    let login = json!({ "email": customer.email, "password": "correct horse battery staple" });
    let tokens = app.request(Method::POST, "/v1/auth/login").json(&login).send().await.data(StatusCode::OK);
    let refresh = |token: serde_json::Value| {
        let body = json!({ "refreshToken": token });
        let request = app.request(Method::POST, "/v1/auth/refresh").json(&body);
        async move { request.send().await }
    };
    let first = tokens["refreshToken"].clone();
    let second = refresh(first.clone()).await.data(StatusCode::OK)["refreshToken"].clone();
    // The response may have been lost: an immediate retry returns the same token.
    assert_eq!(refresh(first.clone()).await.data(StatusCode::OK)["refreshToken"], second);
    let third = refresh(second).await.data(StatusCode::OK)["refreshToken"].clone();
    assert_eq!(refresh(first).await.code(StatusCode::UNAUTHORIZED), "REFRESH_REUSED");
    assert_eq!(refresh(third).await.code(StatusCode::UNAUTHORIZED), "TOKEN_REVOKED");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_ten_concurrent_registrations_succeeds() {
    let app = TestApp::start().await;
    let account = json!({ "email": "Ada@Example.com", "password": "correct horse", "name": "Ada" });
    let requests = (0..10).map(|_| app.request(Method::POST, "/v1/auth/register").json(&account).send());
    let responses = futures::future::join_all(requests).await;
    let created = responses.iter().filter(|response| response.status == StatusCode::CREATED).count();
    assert_eq!(created, 1);
    for response in responses.iter().filter(|response| response.status != StatusCode::CREATED) {
        assert_eq!(response.code(StatusCode::CONFLICT), "EMAIL_TAKEN");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_paths_and_wrong_methods_get_api_errors() {
    let app = TestApp::start().await;
    let unknown = app.request(Method::GET, "/v1/nowhere").send().await;
    assert_eq!(unknown.code(StatusCode::NOT_FOUND), "NOT_FOUND");
    let wrong_method = app.request(Method::DELETE, "/v1/orders").send().await;
    assert_eq!(wrong_method.code(StatusCode::METHOD_NOT_ALLOWED), "METHOD_NOT_ALLOWED");
    assert!(wrong_method.headers["allow"].to_str().unwrap().contains("POST"));
    assert_eq!(app.request(Method::GET, "/health/ready").send().await.status, StatusCode::OK);
}

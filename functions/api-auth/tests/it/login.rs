//! `POST /v1/auth/login`.

use std::time::Duration;

use harness::event::of_request;
use harness::scene::id;
use serde_json::json;
use shared::auth::token::{TokenError, TokenVerifier};
use shared::clock::Clock;
use shared::repository::user::UserReader;

use super::{Auth, PASSWORD, error};

#[tokio::test]
async fn who_knows_the_password_is_given_tokens() {
    let auth = Auth::open().await;
    let account = auth.ada().await;
    let body = json!({ "email": "ADA@example.com", "password": PASSWORD });
    let answer = auth.post("login", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    assert_eq!(answer.header("cache-control").unwrap(), "no-store");
    let tokens = answer.json()["data"].clone();
    assert_eq!((&tokens["tokenType"], &tokens["expiresIn"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(tokens["user"], account);

    let verifier = TokenVerifier::from_env(&auth.scene.env("api-orders")).unwrap();
    let (token, now) = (tokens["accessToken"].as_str().unwrap(), auth.clock.now());
    let claims = verifier.verify(token, now).unwrap();
    assert_eq!((claims.sub.as_str(), claims.role.as_str()), (account["id"].as_str().unwrap(), "user"));
    assert_eq!((claims.iat, claims.exp), (now.as_seconds(), now.as_seconds() + 900));
    assert!(claims.sid.starts_with("ses_") && !claims.jti.is_empty());
    assert_eq!(verifier.verify(token, now.plus(Duration::from_secs(961))), Err(TokenError::Expired));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_answered_with_the_same_bytes() {
    let auth = Auth::open().await;
    auth.ada().await;
    let wrong = json!({ "email": "ada@example.com", "password": "incorrect horse" });
    let unknown = json!({ "email": "grace@example.com", "password": "incorrect horse" });
    let (wrong, unknown) = (auth.post("login", &wrong).await, auth.post("login", &unknown).await);
    assert_eq!(error(&wrong), (401, "INVALID_CREDENTIALS".to_owned()));
    assert_eq!(unknown.status, wrong.status);
    assert_eq!(unknown.bytes, wrong.bytes);
    assert_eq!(unknown.headers, wrong.headers);
}

#[tokio::test]
async fn a_suspended_account_is_told_so_by_the_right_password_only() {
    let auth = Auth::open().await;
    let user = id(auth.ada().await["id"].as_str().unwrap());
    auth.scene.suspend(auth.scene.reader.current_user(user).await.unwrap().unwrap()).await;
    let login = |password: &str| json!({ "email": "ada@example.com", "password": password });
    assert_eq!(error(&auth.post("login", &login(PASSWORD)).await), (403, "FORBIDDEN".to_owned()));
    let wrong = auth.post("login", &login("incorrect horse")).await;
    assert_eq!(error(&wrong), (401, "INVALID_CREDENTIALS".to_owned()));
}

#[tokio::test]
async fn every_login_is_a_session_of_its_own_whatever_key_comes_with_it() {
    let auth = Auth::open().await;
    auth.ada().await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    let key = [("idempotency-key", "k1")];
    let first = auth.post_with("login", &key, &body).await;
    let second = auth.post_with("login", &key, &body).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
    assert_eq!(second.header("idempotent-replay"), None);
    assert_ne!(first.json()["data"]["refreshToken"], second.json()["data"]["refreshToken"]);
    assert_ne!(first.json()["data"]["accessToken"], second.json()["data"]["accessToken"]);
}

#[tokio::test]
async fn a_login_that_breaks_rules_names_every_field() {
    let auth = Auth::open().await;
    let answer = auth.post("login", &json!({ "email": 7, "remember": true })).await;
    assert_eq!(error(&answer), (400, "VALIDATION_ERROR".to_owned()));
    let expected = json!({
        "email": "must be a string",
        "password": "is required",
        "remember": "is not a known field",
    });
    assert_eq!(answer.json()["error"]["fields"], expected);
}

#[tokio::test]
async fn a_login_is_posted() {
    let auth = Auth::open().await;
    let answer = auth.send(&of_request("GET", "/v1/auth/login", &[], None)).await;
    assert_eq!(error(&answer), (405, "METHOD_NOT_ALLOWED".to_owned()));
    assert_eq!(answer.header("allow").unwrap(), "POST");
}

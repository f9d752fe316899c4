//! `POST /v1/auth/password-reset` and `/confirm`.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use shared::api::email_token::PASSWORD_RESET_LIFETIME;
use shared::kit::system::clock::Clock;
use test_support::lambda_event::Answer;

use super::{Auth, PASSWORD, account, error};

const ANOTHER: &str = "battery staple correct horse";

fn invalid() -> (u16, String) {
    (401, "INVALID_TOKEN".to_owned())
}

impl Auth {
    async fn request_reset(&self, email: &str) -> Answer {
        self.post("password-reset", &json!({ "email": email })).await
    }

    /// What is sent to Ada's address.
    async fn reset_token(&self) -> String {
        let (user, credentials) = self.stored("ada@example.com").await;
        self.mailed().to_reset_password(&user, &credentials, self.clock.now())
    }

    async fn confirm(&self, token: &str, password: &str) -> Answer {
        self.post("password-reset/confirm", &json!({ "token": token, "password": password })).await
    }
}

#[tokio::test]
async fn a_known_and_an_unknown_address_are_answered_with_the_same_bytes() {
    let auth = Auth::open().await;
    auth.ada().await;
    let known = auth.request_reset("ADA@example.com").await;
    assert_eq!(known.status, 202);
    for email in ["grace@example.com", "ada@example.com", "grace@example.com"] {
        let answer = auth.request_reset(email).await;
        assert_eq!((answer.status, &answer.bytes), (known.status, &known.bytes), "{email}");
        assert_eq!(answer.headers, known.headers, "{email}");
    }
    assert!(!String::from_utf8_lossy(&known.bytes).contains("ada"));
    assert_eq!(auth.log_in().await["user"]["version"], 1, "to ask changes nothing");
}

#[tokio::test]
async fn a_new_password_takes_the_place_of_the_old_one_and_ends_every_session() {
    let auth = Auth::open().await;
    auth.ada().await;
    let (one, two) = (auth.log_in().await, auth.log_in().await);
    let answer = auth.confirm(&auth.reset_token().await, ANOTHER).await;
    assert_eq!((answer.status.as_u16(), answer.bytes.len()), (204, 0));
    assert_eq!(error(&auth.try_log_in(PASSWORD).await), (401, "INVALID_CREDENTIALS".to_owned()));
    for session in [one, two] {
        let refreshed = auth.refresh(&session["refreshToken"]).await;
        assert_eq!(error(&refreshed), (401, "TOKEN_REVOKED".to_owned()));
    }
    let tokens = auth.try_log_in(ANOTHER).await.json()["data"].clone();
    assert_eq!(tokens["user"]["emailVerified"], true, "the token came by way of the address");
    auth.refreshed(&tokens["refreshToken"]).await;
}

#[tokio::test]
async fn a_token_resets_once_however_many_use_it() {
    let auth = Auth::open().await;
    auth.ada().await;
    let token = auth.reset_token().await;
    let passwords: Vec<String> = (0..5).map(|n| format!("{ANOTHER} {n}")).collect();
    let answers = join_all(passwords.iter().map(|password| auth.confirm(&token, password))).await;
    let winner = answers.iter().position(|answer| answer.status == 204).unwrap();
    assert_eq!(answers.iter().filter(|answer| error(answer) == invalid()).count(), 4);
    assert_eq!(auth.try_log_in(&passwords[winner]).await.status, 200);
    assert_eq!(error(&auth.confirm(&token, ANOTHER).await), invalid());
}

#[tokio::test]
async fn a_token_is_good_for_an_hour() {
    let auth = Auth::open().await;
    auth.ada().await;
    let token = auth.reset_token().await;
    auth.clock.advance(PASSWORD_RESET_LIFETIME);
    assert_eq!(error(&auth.confirm(&token, ANOTHER).await), (401, "TOKEN_EXPIRED".to_owned()));
    let token = auth.reset_token().await;
    auth.clock.advance(PASSWORD_RESET_LIFETIME.saturating_sub(Duration::from_secs(1)));
    assert_eq!(auth.confirm(&token, ANOTHER).await.status, 204);
}

#[tokio::test]
async fn a_token_for_another_account_or_another_purpose_resets_nothing() {
    let auth = Auth::open().await;
    let id = auth.ada().await["id"].as_str().unwrap().to_owned();
    assert_eq!(auth.post("register", &account("grace@example.com")).await.status, 201);
    let (grace, hers) = auth.stored("grace@example.com").await;
    let hers = auth.mailed().to_reset_password(&grace, &hers, auth.clock.now());
    let crossed = hers.replacen(&grace.id.to_string(), &id, 1);
    let (ada, _) = auth.stored("ada@example.com").await;
    let verification = auth.mailed().to_verify_email(&ada, auth.clock.now());
    let refresh = auth.log_in().await["refreshToken"].as_str().unwrap().to_owned();
    for token in [crossed.as_str(), &verification, &refresh, &hers[..hers.len() - 1], "", "x", "a.b.c"] {
        assert_eq!(error(&auth.confirm(token, ANOTHER).await), invalid(), "{token}");
    }
    auth.log_in().await;
}

#[tokio::test]
async fn all_failing_fields_are_reported_at_once() {
    let auth = Auth::open().await;
    let answer = auth.post("password-reset/confirm", &json!({ "password": "short", "email": 1 })).await;
    let expected = json!({
        "token": "is required",
        "password": "must be 8 to 128 bytes long",
        "email": "is not a known field",
    });
    assert_eq!(
        (error(&answer).1.as_str(), &answer.json()["error"]["fields"]),
        ("VALIDATION_ERROR", &expected)
    );
    let answer = auth.request_reset("nobody").await;
    let expected = json!({ "email": "must be a valid e-mail address of at most 254 bytes" });
    assert_eq!(answer.json()["error"]["fields"], expected);
}

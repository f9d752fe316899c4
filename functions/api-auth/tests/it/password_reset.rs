//! `POST /v1/auth/password-reset` and `/confirm`.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use shared::api::email_token::PASSWORD_RESET_LIFETIME;
use shared::kit::system::clock::Clock;
use test_support::lambda_event::RouterResponse;

use super::{Auth, PASSWORD, account};

const NEW_PASSWORD: &str = "battery staple correct horse";

const INVALID_TOKEN: (u16, &str) = (401, "INVALID_TOKEN");

impl Auth {
    async fn request_reset(&self, email: &str) -> RouterResponse {
        self.post("password-reset", &json!({ "email": email })).await
    }

    /// Token of the e-mail to Ada.
    pub(super) async fn reset_token(&self) -> String {
        let (user, credentials) = self.stored("ada@example.com").await;
        self.email_tokens().to_reset_password(&user, &credentials, self.clock.now())
    }

    async fn confirm(&self, token: &str, password: &str) -> RouterResponse {
        self.post("password-reset/confirm", &json!({ "token": token, "password": password })).await
    }
}

#[tokio::test]
async fn known_and_unknown_address_have_the_same_response() {
    let auth = Auth::open().await;
    auth.ada().await;
    let known = auth.request_reset("ADA@example.com").await;
    assert_eq!(known.status, 202);
    for email in ["grace@example.com", "ada@example.com", "grace@example.com"] {
        let response = auth.request_reset(email).await;
        assert_eq!((response.status, &response.bytes), (known.status, &known.bytes), "{email}");
        assert_eq!(response.headers, known.headers, "{email}");
    }
    assert!(!String::from_utf8_lossy(&known.bytes).contains("ada"));
    assert_eq!(auth.log_in().await["user"]["version"], 1, "a request does not change the account");
}

#[tokio::test]
async fn new_password_replaces_the_old_one_and_ends_sessions() {
    let auth = Auth::open().await;
    auth.ada().await;
    let (one, two) = (auth.log_in().await, auth.log_in().await);
    let response = auth.confirm(&auth.reset_token().await, NEW_PASSWORD).await;
    assert_eq!((response.status.as_u16(), response.bytes.len()), (204, 0));
    assert_eq!(auth.try_log_in(PASSWORD).await.error(), (401, "INVALID_CREDENTIALS"));
    for session in [one, two] {
        let refreshed = auth.refresh(&session["refreshToken"]).await;
        assert_eq!(refreshed.error(), (401, "TOKEN_REVOKED"));
    }
    let tokens = auth.try_log_in(NEW_PASSWORD).await.json()["data"].clone();
    assert_eq!(tokens["user"]["emailVerified"], true, "the token was received at the address");
    auth.refreshed(&tokens["refreshToken"]).await;
}

#[tokio::test]
async fn new_password_cancels_a_pending_address() {
    let auth = Auth::open().await;
    auth.ada().await;
    let token = auth.request_change("ada@example.com", "mallory@example.com").await;
    assert_eq!(auth.confirm(&auth.reset_token().await, NEW_PASSWORD).await.status, 204);
    let refused = auth.post("verify-email", &json!({ "token": token })).await;
    assert_eq!(refused.error(), INVALID_TOKEN);
    let (ada, _) = auth.stored("ada@example.com").await;
    assert_eq!(ada.pending_email, None);
}

#[tokio::test]
async fn token_is_accepted_once_under_concurrency() {
    let auth = Auth::open().await;
    auth.ada().await;
    let token = auth.reset_token().await;
    let passwords: Vec<String> = (0..5).map(|n| format!("{NEW_PASSWORD} {n}")).collect();
    let responses = join_all(passwords.iter().map(|password| auth.confirm(&token, password))).await;
    let winner = responses.iter().position(|response| response.status == 204).unwrap();
    assert_eq!(responses.iter().filter(|response| response.error() == INVALID_TOKEN).count(), 4);
    assert_eq!(auth.try_log_in(&passwords[winner]).await.status, 200);
    assert_eq!(auth.confirm(&token, NEW_PASSWORD).await.error(), INVALID_TOKEN);
}

#[tokio::test]
async fn token_expires_after_an_hour() {
    let auth = Auth::open().await;
    auth.ada().await;
    let token = auth.reset_token().await;
    auth.clock.advance(PASSWORD_RESET_LIFETIME);
    assert_eq!(auth.confirm(&token, NEW_PASSWORD).await.error(), (401, "TOKEN_EXPIRED"));
    let token = auth.reset_token().await;
    auth.clock.advance(PASSWORD_RESET_LIFETIME.saturating_sub(Duration::from_secs(1)));
    assert_eq!(auth.confirm(&token, NEW_PASSWORD).await.status, 204);
}

#[tokio::test]
async fn token_of_other_account_or_purpose_is_refused() {
    let auth = Auth::open().await;
    let id = auth.ada().await["id"].as_str().unwrap().to_owned();
    assert_eq!(auth.post("register", &account("grace@example.com")).await.status, 201);
    let (grace, credentials) = auth.stored("grace@example.com").await;
    let for_grace = auth.email_tokens().to_reset_password(&grace, &credentials, auth.clock.now());
    let other_account = for_grace.replacen(&grace.id.to_string(), &id, 1);
    let (ada, _) = auth.stored("ada@example.com").await;
    let verification = auth.email_tokens().to_verify_email(&ada, auth.clock.now());
    let refresh = auth.log_in().await["refreshToken"].as_str().unwrap().to_owned();
    for token in
        [other_account.as_str(), &verification, &refresh, &for_grace[..for_grace.len() - 1], "", "x", "a.b.c"]
    {
        assert_eq!(auth.confirm(token, NEW_PASSWORD).await.error(), INVALID_TOKEN, "{token}");
    }
    auth.log_in().await;
}

#[tokio::test]
async fn all_invalid_fields_are_reported() {
    let auth = Auth::open().await;
    let response = auth.post("password-reset/confirm", &json!({ "password": "short", "email": 1 })).await;
    let expected = json!({
        "token": "is required",
        "password": "must be 8 to 128 characters long, and at most 1024 bytes",
        "email": "is not a known field",
    });
    assert_eq!((response.code(), &response.json()["error"]["fields"]), ("VALIDATION_ERROR", &expected));
    let response = auth.request_reset("not-an-address").await;
    let expected = json!({ "email": "must be an e-mail address, like ada@example.com" });
    assert_eq!(response.json()["error"]["fields"], expected);
}

//! `POST /v1/auth/refresh`.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use shared::domain::session::Session;
use shared::domain::user::{Role, User, UserEvent, UserId};
use shared::kit::auth::access_token::TokenVerifier;
use shared::kit::auth::hmac_key::HmacKey;
use shared::kit::auth::refresh_token::RefreshToken;
use shared::kit::system::clock::Clock;
use shared::repository::user::UserReader;
use test_support::fixture::{id, new_id};

use super::Auth;

const GRACE: Duration = Duration::from_secs(10);
const ONE_MILLISECOND: Duration = Duration::from_millis(1);

impl Auth {
    async fn user(&self, id: UserId) -> User {
        self.marketplace.reader.user(id).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn each_refresh_returns_a_new_pair() {
    let auth = Auth::open().await;
    let account = auth.ada().await;
    let mut tokens = auth.log_in().await;
    let mut used: Vec<Value> = vec![tokens["refreshToken"].clone()];
    for _ in 0..5 {
        auth.clock.advance(Duration::from_mins(20));
        tokens = auth.refreshed(&tokens["refreshToken"]).await;
        assert!(!used.contains(&tokens["refreshToken"]));
        used.push(tokens["refreshToken"].clone());
        assert_eq!(tokens["user"], account);
        let verifier = TokenVerifier::from_env(&auth.marketplace.env("api-auth")).unwrap();
        let claims = verifier.verify(tokens["accessToken"].as_str().unwrap(), auth.clock.now()).unwrap();
        assert_eq!(claims.iat, auth.clock.now().as_seconds());
    }
}

#[tokio::test]
async fn refresh_can_be_repeated_for_ten_seconds() {
    let auth = Auth::open().await;
    auth.ada().await;
    let first = auth.log_in().await["refreshToken"].clone();
    let second = auth.refreshed(&first).await["refreshToken"].clone();
    for wait in [Duration::ZERO, GRACE] {
        auth.clock.advance(wait);
        assert_eq!(auth.refreshed(&first).await["refreshToken"], second);
    }
    auth.refreshed(&second).await;
}

#[tokio::test]
async fn reuse_after_the_grace_period_ends_the_session() {
    let auth = Auth::open().await;
    auth.ada().await;
    let first = auth.log_in().await["refreshToken"].clone();
    let other_login = auth.log_in().await["refreshToken"].clone();
    let second = auth.refreshed(&first).await["refreshToken"].clone();
    auth.clock.advance(GRACE + ONE_MILLISECOND);
    assert_eq!(auth.refresh(&first).await.error(), (401, "REFRESH_REUSED"));
    assert_eq!(auth.refresh(&second).await.error(), (401, "TOKEN_REVOKED"));
    assert_eq!(auth.refresh(&first).await.error(), (401, "TOKEN_REVOKED"));
    auth.refreshed(&other_login).await;
}

#[tokio::test]
async fn grace_period_applies_to_the_previous_token_only() {
    let auth = Auth::open().await;
    auth.ada().await;
    let first = auth.log_in().await["refreshToken"].clone();
    let second = auth.refreshed(&first).await["refreshToken"].clone();
    let third = auth.refreshed(&second).await["refreshToken"].clone();
    assert_eq!(auth.refresh(&first).await.error(), (401, "REFRESH_REUSED"));
    assert_eq!(auth.refresh(&third).await.error(), (401, "TOKEN_REVOKED"));
}

#[tokio::test]
async fn concurrent_refreshes_return_the_same_successor() {
    let auth = Auth::open().await;
    auth.ada().await;
    let first = auth.log_in().await["refreshToken"].clone();
    let responses = join_all((0..10).map(|_| auth.refreshed(&first))).await;
    for response in &responses {
        assert_eq!(response["refreshToken"], responses[0]["refreshToken"]);
    }
    auth.refreshed(&responses[0]["refreshToken"]).await;
}

#[tokio::test]
async fn session_expires_after_thirty_days_without_refresh() {
    let auth = Auth::open().await;
    auth.ada().await;
    let month = Duration::from_hours(24 * 30);
    let tokens = auth.log_in().await;
    auth.clock.advance(month.saturating_sub(ONE_MILLISECOND));
    let tokens = auth.refreshed(&tokens["refreshToken"]).await;
    auth.clock.advance(month);
    assert_eq!(auth.refresh(&tokens["refreshToken"]).await.error(), (401, "TOKEN_REVOKED"));
}

#[tokio::test]
async fn refresh_reads_the_current_account() {
    let auth = Auth::open().await;
    let user = id(auth.ada().await["id"].as_str().unwrap());
    let tokens = auth.log_in().await;
    let account = auth.user(user).await;
    let event = UserEvent::Registered { user_id: user };
    let version = account.version.next();
    auth.marketplace.put_entity(User { role: Role::Moderator, version, ..account }, event).await;
    let tokens = auth.refreshed(&tokens["refreshToken"]).await;
    assert_eq!(tokens["user"]["role"], "moderator");
    auth.marketplace.suspend(auth.user(user).await).await;
    assert_eq!(auth.refresh(&tokens["refreshToken"]).await.error(), (401, "TOKEN_REVOKED"));
}

#[tokio::test]
async fn forged_and_malformed_tokens_are_refused() {
    let auth = Auth::open().await;
    let user = auth.ada().await["id"].as_str().unwrap().to_owned();
    let tokens = auth.log_in().await;
    let valid = tokens["refreshToken"].as_str().unwrap();
    let mac_key = HmacKey::new(&auth.marketplace.env("api-auth").secret("AGORA_REFRESH_TOKEN_KEY").unwrap());
    let unknown_session = RefreshToken { user, session: new_id::<Session>().to_string(), generation: 0 };
    for token in [
        "",
        "x",
        "....",
        tokens["accessToken"].as_str().unwrap(),
        &valid.replace(".0.", ".1."),
        &valid[..valid.len() - 1],
        &format!("{valid}."),
        &"a".repeat(10_000),
        unknown_session.issue(&mac_key).expose(),
    ] {
        assert_eq!(auth.refresh(&json!(token)).await.error(), (401, "INVALID_TOKEN"), "{token}");
    }
    auth.refreshed(&tokens["refreshToken"]).await;
}

#[tokio::test]
async fn all_invalid_fields_are_reported() {
    let auth = Auth::open().await;
    let response = auth.post("refresh", &json!({ "token": "x" })).await;
    assert_eq!(response.error(), (400, "VALIDATION_ERROR"));
    let expected = json!({ "refreshToken": "is required", "token": "is not a known field" });
    assert_eq!(response.json()["error"]["fields"], expected);
}

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

use super::{Auth, error};

const GRACE: Duration = Duration::from_secs(10);
const A_MOMENT: Duration = Duration::from_millis(1);

impl Auth {
    async fn user(&self, id: UserId) -> User {
        self.scene.reader.user(id).await.unwrap().unwrap()
    }
}

fn revoked() -> (u16, String) {
    (401, "TOKEN_REVOKED".to_owned())
}

fn reused() -> (u16, String) {
    (401, "REFRESH_REUSED".to_owned())
}

#[tokio::test]
async fn each_use_gives_the_next_pair() {
    let auth = Auth::open().await;
    let account = auth.ada().await;
    let mut tokens = auth.log_in().await;
    let mut seen: Vec<Value> = vec![tokens["refreshToken"].clone()];
    for _ in 0..5 {
        auth.clock.advance(Duration::from_mins(20));
        tokens = auth.refreshed(&tokens["refreshToken"]).await;
        assert!(!seen.contains(&tokens["refreshToken"]));
        seen.push(tokens["refreshToken"].clone());
        assert_eq!(tokens["user"], account);
        let verifier = TokenVerifier::from_env(&auth.scene.env("api-auth")).unwrap();
        let claims = verifier.verify(tokens["accessToken"].as_str().unwrap(), auth.clock.now()).unwrap();
        assert_eq!(claims.iat, auth.clock.now().as_seconds());
    }
}

#[tokio::test]
async fn a_lost_answer_is_given_again_for_ten_seconds() {
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
async fn a_use_after_that_ends_the_whole_family() {
    let auth = Auth::open().await;
    auth.ada().await;
    let first = auth.log_in().await["refreshToken"].clone();
    let other_login = auth.log_in().await["refreshToken"].clone();
    let second = auth.refreshed(&first).await["refreshToken"].clone();
    auth.clock.advance(GRACE + A_MOMENT);
    assert_eq!(error(&auth.refresh(&first).await), reused());
    assert_eq!(error(&auth.refresh(&second).await), revoked());
    assert_eq!(error(&auth.refresh(&first).await), revoked());
    auth.refreshed(&other_login).await;
}

#[tokio::test]
async fn a_token_older_than_the_last_has_no_grace() {
    let auth = Auth::open().await;
    auth.ada().await;
    let first = auth.log_in().await["refreshToken"].clone();
    let second = auth.refreshed(&first).await["refreshToken"].clone();
    let third = auth.refreshed(&second).await["refreshToken"].clone();
    assert_eq!(error(&auth.refresh(&first).await), reused());
    assert_eq!(error(&auth.refresh(&third).await), revoked());
}

#[tokio::test]
async fn all_who_use_a_token_at_once_are_given_the_same_successor() {
    let auth = Auth::open().await;
    auth.ada().await;
    let first = auth.log_in().await["refreshToken"].clone();
    let answers = join_all((0..10).map(|_| auth.refreshed(&first))).await;
    for answer in &answers {
        assert_eq!(answer["refreshToken"], answers[0]["refreshToken"]);
    }
    auth.refreshed(&answers[0]["refreshToken"]).await;
}

#[tokio::test]
async fn a_session_lapses_after_thirty_days_without_use() {
    let auth = Auth::open().await;
    auth.ada().await;
    let month = Duration::from_hours(24 * 30);
    let tokens = auth.log_in().await;
    auth.clock.advance(month.saturating_sub(A_MOMENT));
    let tokens = auth.refreshed(&tokens["refreshToken"]).await;
    auth.clock.advance(month);
    assert_eq!(error(&auth.refresh(&tokens["refreshToken"]).await), revoked());
}

#[tokio::test]
async fn a_refresh_sees_the_account_as_it_is_now() {
    let auth = Auth::open().await;
    let user = id(auth.ada().await["id"].as_str().unwrap());
    let tokens = auth.log_in().await;
    let account = auth.user(user).await;
    let event = UserEvent::Registered { user_id: user };
    let version = account.version.next();
    auth.scene.put_entity(User { role: Role::Moderator, version, ..account }, event).await;
    let tokens = auth.refreshed(&tokens["refreshToken"]).await;
    assert_eq!(tokens["user"]["role"], "moderator");
    auth.scene.suspend(auth.user(user).await).await;
    assert_eq!(error(&auth.refresh(&tokens["refreshToken"]).await), revoked());
}

#[tokio::test]
async fn what_was_not_issued_is_no_token() {
    let auth = Auth::open().await;
    let user = auth.ada().await["id"].as_str().unwrap().to_owned();
    let tokens = auth.log_in().await;
    let good = tokens["refreshToken"].as_str().unwrap();
    let seal = HmacKey::new(&auth.scene.env("api-auth").secret("AGORA_REFRESH_TOKEN_KEY").unwrap());
    let elsewhere = RefreshToken { user, session: new_id::<Session>().to_string(), generation: 0 };
    for token in [
        "",
        "x",
        "....",
        tokens["accessToken"].as_str().unwrap(),
        &good.replace(".0.", ".1."),
        &good[..good.len() - 1],
        &format!("{good}."),
        &"a".repeat(10_000),
        elsewhere.issue(&seal).expose(),
    ] {
        assert_eq!(error(&auth.refresh(&json!(token)).await), (401, "INVALID_TOKEN".to_owned()), "{token}");
    }
    auth.refreshed(&tokens["refreshToken"]).await;
}

#[tokio::test]
async fn a_refresh_that_breaks_rules_names_every_field() {
    let auth = Auth::open().await;
    let answer = auth.post("refresh", &json!({ "token": "x" })).await;
    assert_eq!(error(&answer), (400, "VALIDATION_ERROR".to_owned()));
    let expected = json!({ "refreshToken": "is required", "token": "is not a known field" });
    assert_eq!(answer.json()["error"]["fields"], expected);
}

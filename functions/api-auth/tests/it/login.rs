//! `POST /v1/auth/login`.

use std::time::{Duration, Instant};

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use serde_json::json;
use shared::domain::user::Credentials;
use shared::domain::user::rehash::RehashPassword;
use shared::kit::auth::access_token::{TokenError, TokenVerifier};
use shared::kit::system::clock::Clock;
use shared::repository::user::UserReader;
use test_support::fixture::id;
use test_support::lambda_event::of_request;

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
    assert_eq!(
        verifier.verify(token, now.saturating_add(Duration::from_secs(961))),
        Err(TokenError::Expired)
    );
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
    auth.scene.suspend(auth.scene.reader.user(user).await.unwrap().unwrap()).await;
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

/// The middle of `times`.
fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[tokio::test]
async fn an_unknown_address_takes_as_long_as_a_wrong_password() {
    let auth = Auth::open().await;
    auth.ada().await;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    // Taken in turns, so that whatever else the machine does slows both.
    for _ in 0..15 {
        for (email, times) in [("ada@example.com", &mut known), ("grace@example.com", &mut unknown)] {
            let body = json!({ "email": email, "password": "incorrect horse" });
            let begun = Instant::now();
            assert_eq!(auth.post("login", &body).await.status, 401);
            times.push(begun.elapsed());
        }
        // So that neither has failed too often.
        auth.clock.advance(Duration::from_hours(2));
    }
    let (known, unknown) = (median(known), median(unknown));
    // Without the decoy it would be a quarter: most of the time goes into hashing.
    assert!(
        unknown * 2 > known && known * 2 > unknown,
        "{known:?} for a wrong password, {unknown:?} for nobody"
    );
}

impl Auth {
    /// Ada's password, hashed as cheaply as can be.
    async fn hashed_as_in_old_times(&self) -> Credentials {
        let (user, replacing) = self.stored("ada@example.com").await;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
        let password_hash = argon2.hash_password(PASSWORD.as_bytes()).unwrap().to_string();
        let credentials = Credentials { password_hash };
        self.scene.run(RehashPassword { id: user.id, replacing, credentials: credentials.clone() }).await;
        credentials
    }
}

#[tokio::test]
async fn a_login_brings_the_hash_of_its_password_up_to_date() {
    let auth = Auth::open().await;
    auth.ada().await;
    let old = auth.hashed_as_in_old_times().await;
    assert_eq!(auth.try_log_in("incorrect horse").await.status, 401);
    assert!(auth.stored("ada@example.com").await.1 == old, "a wrong password changes nothing");
    let tokens = auth.log_in().await;
    let (user, new) = auth.stored("ada@example.com").await;
    assert!(new.password_hash.starts_with("$argon2id$v=19$m=12288,t=3,p=1$"), "{}", new.password_hash);
    assert_eq!(user.version.get(), 1);
    auth.refreshed(&tokens["refreshToken"]).await;
    auth.log_in().await;
    assert!(auth.stored("ada@example.com").await.1 == new, "what is up to date stays");
}

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

use super::{Auth, PASSWORD};

#[tokio::test]
async fn login_returns_valid_tokens() {
    let auth = Auth::open().await;
    let account = auth.ada().await;
    let body = json!({ "email": "ADA@example.com", "password": PASSWORD });
    let response = auth.post("login", &body).await;
    assert_eq!(response.status, 200, "{}", response.json());
    assert_eq!(response.header("cache-control").unwrap(), "no-store");
    let tokens = response.json()["data"].clone();
    assert_eq!((&tokens["tokenType"], &tokens["expiresIn"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(tokens["user"], account);

    let verifier = TokenVerifier::from_env(&auth.marketplace.env("api-orders")).unwrap();
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
async fn wrong_password_and_unknown_address_have_same_response() {
    let auth = Auth::open().await;
    auth.ada().await;
    let wrong = json!({ "email": "ada@example.com", "password": "incorrect horse" });
    let unknown = json!({ "email": "grace@example.com", "password": "incorrect horse" });
    let (wrong, unknown) = (auth.post("login", &wrong).await, auth.post("login", &unknown).await);
    assert_eq!(wrong.error(), (401, "INVALID_CREDENTIALS"));
    assert_eq!(unknown.status, wrong.status);
    assert_eq!(unknown.bytes, wrong.bytes);
    assert_eq!(unknown.headers, wrong.headers);
}

#[tokio::test]
async fn suspension_is_revealed_only_with_the_right_password() {
    let auth = Auth::open().await;
    let user = id(auth.ada().await["id"].as_str().unwrap());
    auth.marketplace.suspend(auth.marketplace.reader.user(user).await.unwrap().unwrap()).await;
    let login = |password: &str| json!({ "email": "ada@example.com", "password": password });
    assert_eq!(auth.post("login", &login(PASSWORD)).await.error(), (403, "FORBIDDEN"));
    let wrong = auth.post("login", &login("incorrect horse")).await;
    assert_eq!(wrong.error(), (401, "INVALID_CREDENTIALS"));
}

#[tokio::test]
async fn repeated_login_with_same_key_starts_another_session() {
    let auth = Auth::open().await;
    auth.ada().await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    let first = auth.post("login", &body).key("k1").await;
    let second = auth.post("login", &body).key("k1").await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
    assert_eq!(second.header("idempotent-replay"), None);
    assert_ne!(first.json()["data"]["refreshToken"], second.json()["data"]["refreshToken"]);
    assert_ne!(first.json()["data"]["accessToken"], second.json()["data"]["accessToken"]);
}

#[tokio::test]
async fn all_invalid_fields_are_reported() {
    let auth = Auth::open().await;
    let response = auth.post("login", &json!({ "email": 7, "remember": true })).await;
    assert_eq!(response.error(), (400, "VALIDATION_ERROR"));
    let expected = json!({
        "email": "must be a string",
        "password": "is required",
        "remember": "is not a known field",
    });
    assert_eq!(response.json()["error"]["fields"], expected);
}

#[tokio::test]
async fn get_is_not_allowed() {
    let auth = Auth::open().await;
    let response = auth.api.get("/v1/auth/login").await;
    assert_eq!(response.error(), (405, "METHOD_NOT_ALLOWED"));
    assert_eq!(response.header("allow").unwrap(), "POST");
}

/// Median of the durations.
fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[tokio::test]
async fn unknown_address_takes_as_long_as_wrong_password() {
    let auth = Auth::open().await;
    auth.ada().await;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    // Alternating, so that other load on the machine slows both.
    for _ in 0..15 {
        for (email, times) in [("ada@example.com", &mut known), ("grace@example.com", &mut unknown)] {
            let body = json!({ "email": email, "password": "incorrect horse" });
            let start = Instant::now();
            assert_eq!(auth.post("login", &body).await.status, 401);
            times.push(start.elapsed());
        }
        // Resets the counters of failed logins.
        auth.clock.advance(Duration::from_hours(2));
    }
    let (known, unknown) = (median(known), median(unknown));
    // Most of the time is hashing: without the dummy hash, an unknown address would take a quarter.
    assert!(
        unknown * 2 > known && known * 2 > unknown,
        "{known:?} for a wrong password, {unknown:?} for an unknown address"
    );
}

impl Auth {
    /// Stores a hash of Ada's password with outdated parameters.
    async fn store_outdated_hash(&self) -> Credentials {
        let (user, replacing) = self.stored("ada@example.com").await;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
        let password_hash = argon2.hash_password(PASSWORD.as_bytes()).unwrap().to_string();
        let credentials = Credentials { password_hash };
        self.marketplace
            .run(RehashPassword { id: user.id, replacing, credentials: credentials.clone() })
            .await;
        credentials
    }
}

#[tokio::test]
async fn login_replaces_an_outdated_password_hash() {
    let auth = Auth::open().await;
    auth.ada().await;
    let old = auth.store_outdated_hash().await;
    assert_eq!(auth.try_log_in("incorrect horse").await.status, 401);
    assert!(auth.stored("ada@example.com").await.1 == old, "a wrong password changes nothing");
    let tokens = auth.log_in().await;
    let (user, new) = auth.stored("ada@example.com").await;
    assert!(new.password_hash.starts_with("$argon2id$v=19$m=12288,t=3,p=1$"), "{}", new.password_hash);
    assert_eq!(user.version.get(), 1);
    auth.refreshed(&tokens["refreshToken"]).await;
    auth.log_in().await;
    assert!(auth.stored("ada@example.com").await.1 == new, "a current hash is not replaced");
}

#[tokio::test]
async fn password_in_decomposed_form_logs_in() {
    let auth = Auth::open().await;
    let mut account = super::account("ada@example.com");
    account["password"] = json!("Zürich im März");
    assert_eq!(auth.post("register", &account).await.status, 201);
    for password in ["Zu\u{308}rich im Ma\u{308}rz", "Zürich\u{A0}im\u{3000}März"] {
        assert_eq!(auth.try_log_in(password).await.status, 200, "{password:?}");
    }
    assert_eq!(auth.try_log_in("Zurich im Marz").await.error(), (401, "INVALID_CREDENTIALS"));
}

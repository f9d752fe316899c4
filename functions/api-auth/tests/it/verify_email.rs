//! `POST /v1/auth/verify-email`, and the setting that requires it for logins.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use shared::api::email_token::VERIFICATION_LIFETIME;
use shared::domain::user::{User, UserEvent};
use shared::kit::system::clock::Clock;
use test_support::lambda_event::RouterResponse;

use super::{Auth, account};

const INVALID_TOKEN: (u16, &str) = (401, "INVALID_TOKEN");

impl Auth {
    /// Token of the e-mail to Ada.
    async fn verification(&self) -> String {
        let (user, _) = self.stored("ada@example.com").await;
        self.email_tokens().to_verify_email(&user, self.clock.now())
    }

    async fn verify(&self, token: &str) -> RouterResponse {
        self.post("verify-email", &json!({ "token": token })).await
    }
}

#[tokio::test]
async fn token_verifies_the_address() {
    let auth = Auth::open().await;
    let before = auth.ada().await;
    let response = auth.verify(&auth.verification().await).await;
    assert_eq!(response.status, 200, "{}", response.json());
    assert_eq!(response.header("etag").unwrap(), "\"2\"");
    let mut expected = before;
    (expected["emailVerified"], expected["version"]) = (json!(true), json!(2));
    assert_eq!(response.json()["data"], expected);
    assert_eq!(auth.log_in().await["user"]["emailVerified"], true);
}

#[tokio::test]
async fn token_is_accepted_once_under_concurrency() {
    let auth = Auth::open().await;
    auth.ada().await;
    let token = auth.verification().await;
    let responses = join_all((0..5).map(|_| auth.verify(&token))).await;
    let verified = responses.iter().filter(|response| response.status == 200).count();
    assert_eq!(verified, 1);
    assert_eq!(responses.iter().filter(|response| response.error() == INVALID_TOKEN).count(), 4);
    assert_eq!(auth.verify(&token).await.error(), INVALID_TOKEN);
    assert_eq!(auth.stored("ada@example.com").await.0.version.get(), 2);
}

#[tokio::test]
async fn token_expires_after_three_days() {
    let auth = Auth::open().await;
    auth.ada().await;
    let token = auth.verification().await;
    auth.clock.advance(VERIFICATION_LIFETIME);
    assert_eq!(auth.verify(&token).await.error(), (401, "TOKEN_EXPIRED"));
    let token = auth.verification().await;
    auth.clock.advance(VERIFICATION_LIFETIME.saturating_sub(Duration::from_secs(1)));
    assert_eq!(auth.verify(&token).await.status, 200);
}

#[tokio::test]
async fn token_of_other_address_account_or_purpose_is_refused() {
    let auth = Auth::open().await;
    auth.ada().await;
    let old = auth.verification().await;
    let (ada, credentials) = auth.stored("ada@example.com").await;
    let reset = auth.email_tokens().to_reset_password(&ada, &credentials, auth.clock.now());
    let (id, version) = (ada.id, ada.version.next());
    let other_address = User { email: "ada@example.org".parse().unwrap(), version, ..ada };
    auth.marketplace.put_entity(other_address, UserEvent::Changed { user_id: id }).await;
    assert_eq!(auth.post("register", &account("grace@example.com")).await.status, 201);
    let (grace, _) = auth.stored("grace@example.com").await;
    let for_grace = auth.email_tokens().to_verify_email(&grace, auth.clock.now());
    let other_account = for_grace.replacen(&grace.id.to_string(), &id.to_string(), 1);
    for token in [
        old.as_str(),
        &reset,
        &other_account,
        &for_grace[..for_grace.len() - 1],
        "",
        "x",
        "a.b.c",
        &"a".repeat(9_000),
    ] {
        assert_eq!(auth.verify(token).await.error(), INVALID_TOKEN, "{token}");
    }
    assert_eq!(auth.verify(&for_grace).await.status, 200);
}

#[tokio::test]
async fn setting_requires_verification_before_login() {
    let lenient = Auth::open().await;
    lenient.ada().await;
    assert_eq!(lenient.log_in().await["user"]["emailVerified"], false);

    let strict = Auth::open_with("AGORA_REQUIRE_VERIFIED_EMAIL", "true").await;
    strict.ada().await;
    assert_eq!(strict.try_log_in(super::PASSWORD).await.error(), (403, "FORBIDDEN"));
    let wrong = strict.try_log_in("incorrect horse").await;
    assert_eq!(wrong.error(), (401, "INVALID_CREDENTIALS"));
    assert_eq!(strict.verify(&strict.verification().await).await.status, 200);
    strict.log_in().await;
}

#[tokio::test]
async fn error_contains_the_name_of_an_invalid_setting() {
    let marketplace = test_support::Marketplace::empty().await;
    let env = marketplace.env("api-auth").with("AGORA_REQUIRE_VERIFIED_EMAIL", "maybe");
    let error =
        api_auth::AuthState::new(&env, marketplace.store.clone(), marketplace.reader.clone()).unwrap_err();
    assert!(error.to_string().starts_with("AGORA_REQUIRE_VERIFIED_EMAIL "), "{error}");
}

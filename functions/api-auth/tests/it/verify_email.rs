//! `POST /v1/auth/verify-email`, and the setting that demands it.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use shared::api::email_token::VERIFICATION_LIFETIME;
use shared::domain::user::{User, UserEvent};
use shared::kit::system::clock::Clock;
use test_support::lambda_event::Answer;

use super::{Auth, account, error};

fn invalid() -> (u16, String) {
    (401, "INVALID_TOKEN".to_owned())
}

impl Auth {
    /// What is sent to Ada's address.
    async fn verification(&self) -> String {
        let (user, _) = self.stored("ada@example.com").await;
        self.mailed().to_verify_email(&user, self.clock.now())
    }

    async fn verify(&self, token: &str) -> Answer {
        self.post("verify-email", &json!({ "token": token })).await
    }
}

#[tokio::test]
async fn who_read_what_was_sent_has_verified_the_address() {
    let auth = Auth::open().await;
    let before = auth.ada().await;
    let answer = auth.verify(&auth.verification().await).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    assert_eq!(answer.header("etag").unwrap(), "\"2\"");
    let mut expected = before;
    (expected["emailVerified"], expected["version"]) = (json!(true), json!(2));
    assert_eq!(answer.json()["data"], expected);
    assert_eq!(auth.log_in().await["user"]["emailVerified"], true);
}

#[tokio::test]
async fn a_token_verifies_once_however_many_use_it() {
    let auth = Auth::open().await;
    auth.ada().await;
    let token = auth.verification().await;
    let answers = join_all((0..5).map(|_| auth.verify(&token))).await;
    let verified = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(verified, 1);
    assert_eq!(answers.iter().filter(|answer| error(answer) == invalid()).count(), 4);
    assert_eq!(error(&auth.verify(&token).await), invalid());
    assert_eq!(auth.stored("ada@example.com").await.0.version.get(), 2);
}

#[tokio::test]
async fn a_token_is_good_for_three_days() {
    let auth = Auth::open().await;
    auth.ada().await;
    let token = auth.verification().await;
    auth.clock.advance(VERIFICATION_LIFETIME);
    assert_eq!(error(&auth.verify(&token).await), (401, "TOKEN_EXPIRED".to_owned()));
    let token = auth.verification().await;
    auth.clock.advance(VERIFICATION_LIFETIME.saturating_sub(Duration::from_secs(1)));
    assert_eq!(auth.verify(&token).await.status, 200);
}

#[tokio::test]
async fn a_token_for_another_address_another_account_or_another_purpose_verifies_nothing() {
    let auth = Auth::open().await;
    auth.ada().await;
    let old = auth.verification().await;
    let (ada, credentials) = auth.stored("ada@example.com").await;
    let reset = auth.mailed().to_reset_password(&ada, &credentials, auth.clock.now());
    let (id, version) = (ada.id, ada.version.next());
    let moved = User { email: "ada@example.org".parse().unwrap(), version, ..ada };
    auth.scene.put_entity(moved, UserEvent::Changed { user_id: id }).await;
    assert_eq!(auth.post("register", &account("grace@example.com")).await.status, 201);
    let (grace, _) = auth.stored("grace@example.com").await;
    let hers = auth.mailed().to_verify_email(&grace, auth.clock.now());
    let crossed = hers.replacen(&grace.id.to_string(), &id.to_string(), 1);
    for token in
        [old.as_str(), &reset, &crossed, &hers[..hers.len() - 1], "", "x", "a.b.c", &"a".repeat(9_000)]
    {
        assert_eq!(error(&auth.verify(token).await), invalid(), "{token}");
    }
    assert_eq!(auth.verify(&hers).await.status, 200);
}

#[tokio::test]
async fn an_unverified_account_logs_in_unless_the_setting_demands_otherwise() {
    let lenient = Auth::open().await;
    lenient.ada().await;
    assert_eq!(lenient.log_in().await["user"]["emailVerified"], false);

    let strict = Auth::open_with("AGORA_REQUIRE_VERIFIED_EMAIL", "true").await;
    strict.ada().await;
    assert_eq!(error(&strict.try_log_in(super::PASSWORD).await), (403, "FORBIDDEN".to_owned()));
    let wrong = strict.try_log_in("incorrect horse").await;
    assert_eq!(error(&wrong), (401, "INVALID_CREDENTIALS".to_owned()));
    assert_eq!(strict.verify(&strict.verification().await).await.status, 200);
    strict.log_in().await;
}

#[tokio::test]
async fn a_setting_that_is_neither_true_nor_false_is_named() {
    let scene = test_support::Marketplace::empty().await;
    let env = scene.env("api-auth").with("AGORA_REQUIRE_VERIFIED_EMAIL", "perhaps");
    let error = api_auth::AuthState::new(&env, scene.store.clone(), scene.reader.clone()).unwrap_err();
    assert!(error.to_string().starts_with("AGORA_REQUIRE_VERIFIED_EMAIL "), "{error}");
}

//! `POST /v1/auth/verify-email`, and the setting that requires it for logins.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use shared::api::email_token::VERIFICATION_LIFETIME;
use shared::domain::user::update::{UpdateUser, UserAdminRights, UserChanges};
use shared::domain::user::{User, UserEvent};
use shared::domain::values::actor::Actor;
use shared::domain::values::email::Email;
use shared::kit::system::clock::Clock;
use test_support::lambda_event::RouterResponse;

use super::{Auth, account};

/// Address to which Ada changes.
const NEW: &str = "countess@example.com";

const INVALID_TOKEN: (u16, &str) = (401, "INVALID_TOKEN");

impl Auth {
    /// Token of the e-mail to Ada.
    async fn verification(&self) -> String {
        let (user, _) = self.stored("ada@example.com").await;
        self.email_tokens().to_verify_email(&user, self.clock.now())
    }

    /// Requests another address for an account, and returns the token of the e-mail to it.
    pub(super) async fn request_change(&self, email: &str, to: &str) -> String {
        let (user, _) = self.stored(email).await;
        let to: Email = to.parse().unwrap();
        let (id, by) = (user.id, Actor { user: user.id, role: user.role });
        let (rights, expected, reauthentication) =
            (UserAdminRights::default(), None, Some(user.session_epoch));
        let changes = UserChanges { email: Some(to.clone()), ..UserChanges::default() };
        let update = UpdateUser { id, by, rights, reauthentication, expected, changes };
        let user = self.marketplace.run(update).await;
        self.email_tokens().to_change_email(&user, &to, self.clock.now())
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
async fn verified_new_address_replaces_the_old_one() {
    let auth = Auth::open().await;
    auth.ada().await;
    let token = auth.request_change("ada@example.com", NEW).await;
    assert_eq!(auth.log_in().await["user"]["pendingEmail"], NEW, "the old address is used until then");
    let response = auth.verify(&token).await;
    assert_eq!(response.status, 200, "{}", response.json());
    let shown = response.json()["data"].clone();
    assert_eq!((&shown["email"], &shown["emailVerified"]), (&json!(NEW), &json!(true)));
    assert_eq!((&shown["version"], shown.get("pendingEmail")), (&json!(3), None));
    assert_eq!(auth.try_log_in(super::PASSWORD).await.error(), (401, "INVALID_CREDENTIALS"));
    let login = json!({ "email": NEW, "password": super::PASSWORD });
    assert_eq!(auth.post("login", &login).await.json()["data"]["user"], shown);
    assert_eq!(auth.verify(&token).await.error(), INVALID_TOKEN);
    assert_eq!(auth.post("register", &account("ada@example.com")).await.status, 201);
}

#[tokio::test]
async fn new_address_that_was_registered_meanwhile_is_refused() {
    let auth = Auth::open().await;
    auth.ada().await;
    let token = auth.request_change("ada@example.com", NEW).await;
    assert_eq!(auth.post("register", &account(NEW)).await.status, 201);
    assert_eq!(auth.verify(&token).await.error(), (409, "EMAIL_TAKEN"));
    assert_eq!(auth.stored("ada@example.com").await.0.version.get(), 2);
    auth.log_in().await;
}

#[tokio::test]
async fn one_of_five_accounts_gets_a_contested_address() {
    let auth = Auth::open().await;
    let addresses: Vec<String> = (0..5).map(|n| format!("person{n}@example.com")).collect();
    let mut tokens = Vec::new();
    for address in &addresses {
        assert_eq!(auth.post("register", &account(address)).await.status, 201);
        tokens.push(auth.request_change(address, NEW).await);
    }
    let responses = join_all(tokens.iter().map(|token| auth.verify(token))).await;
    let winner = responses.iter().position(|response| response.status == 200).unwrap();
    let id = responses[winner].json()["data"]["id"].clone();
    assert_eq!(auth.stored(NEW).await.0.id.to_string(), id);
    for (n, response) in responses.iter().enumerate().filter(|(n, _)| *n != winner) {
        assert_eq!(response.error(), (409, "EMAIL_TAKEN"));
        assert_eq!(auth.stored(&addresses[n]).await.0.version.get(), 2);
    }
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

//! Accounts that an administrator created: logging in, and setting the first password.

use std::time::Duration;

use serde_json::json;
use shared::api::email_token::INVITATION_LIFETIME;
use shared::domain::user::Role;
use shared::domain::user::invite::InviteUser;
use shared::domain::values::id::Id;
use shared::kit::system::clock::Clock;
use test_support::lambda_event::RouterResponse;

use super::{Auth, PASSWORD};

const INVALID_TOKEN: (u16, &str) = (401, "INVALID_TOKEN");
const INVALID_CREDENTIALS: (u16, &str) = (401, "INVALID_CREDENTIALS");

impl Auth {
    /// Invites Ada, and returns the token of the invitation.
    async fn invite(&self) -> String {
        let (email, name) = ("ada@example.com".parse().unwrap(), "Ada".parse().unwrap());
        let command = InviteUser { id: Id::of_digest(7), email, name, role: Role::User };
        self.marketplace.run_at(self.clock.now(), command).await;
        let (user, credentials) = self.stored("ada@example.com").await;
        self.email_tokens().to_accept_invitation(&user, &credentials, self.clock.now())
    }

    async fn accept(&self, token: &str, password: &str) -> RouterResponse {
        self.post("password-reset/confirm", &json!({ "token": token, "password": password })).await
    }
}

#[tokio::test]
async fn invited_account_logs_in_only_after_setting_a_password() {
    let auth = Auth::open().await;
    let token = auth.invite().await;
    for password in [PASSWORD, "!!!!!!!!", "        "] {
        assert_eq!(auth.try_log_in(password).await.error(), INVALID_CREDENTIALS, "{password}");
    }
    assert_eq!(auth.accept(&token, PASSWORD).await.status, 204);
    assert_eq!(auth.log_in().await["user"]["emailVerified"], true, "the token was received at the address");
}

#[tokio::test]
async fn invitation_is_accepted_once() {
    let auth = Auth::open().await;
    let token = auth.invite().await;
    let (user, credentials) = auth.stored("ada@example.com").await;
    let resent = auth.email_tokens().to_reset_password(&user, &credentials, auth.clock.now());
    assert_eq!(auth.accept(&token, PASSWORD).await.status, 204);
    for token in [token, resent] {
        assert_eq!(auth.accept(&token, "another pass phrase").await.error(), INVALID_TOKEN);
    }
    auth.log_in().await;
}

#[tokio::test]
async fn expired_invitation_is_replaced_by_a_password_reset() {
    let auth = Auth::open().await;
    let token = auth.invite().await;
    auth.clock.advance(INVITATION_LIFETIME.saturating_sub(Duration::from_secs(1)));
    let forged = auth.accept(&token.replacen('.', ".9", 1), PASSWORD).await;
    assert_eq!(forged.error(), INVALID_TOKEN, "the expiry is part of the signature");
    auth.clock.advance(Duration::from_secs(1));
    assert_eq!(auth.accept(&token, PASSWORD).await.error(), (401, "TOKEN_EXPIRED"));
    let requested = auth.post("password-reset", &json!({ "email": "ada@example.com" })).await;
    assert_eq!(requested.status, 202);
    let (user, credentials) = auth.stored("ada@example.com").await;
    let reset = auth.email_tokens().to_reset_password(&user, &credentials, auth.clock.now());
    assert_eq!(auth.accept(&reset, PASSWORD).await.status, 204);
    auth.log_in().await;
}

//! E-mail tokens, which prove that the caller can read e-mails to the address of an account.
//!
//! Tokens are not stored. A token is a MAC over the state of the account, and its use changes this state: so
//! it can be used once. Tokens are deterministic: a token issued again at the same time for the same account
//! is the same, so an e-mail can be composed twice.

pub mod unsubscribe;

use std::time::Duration;

use crate::domain::user::{Credentials, User, UserId};
use crate::domain::values::email::Email;
use crate::kit::auth::hmac_key::HmacKey;
use crate::kit::system::clock::Timestamp;
use crate::kit::system::config::{ConfigError, Environment};

/// Lifetime of a verification token.
pub const VERIFICATION_LIFETIME: Duration = Duration::from_hours(72);

/// Lifetime of a password-reset token.
pub const PASSWORD_RESET_LIFETIME: Duration = Duration::from_hours(1);

/// Lifetime of the token in an invitation.
pub const INVITATION_LIFETIME: Duration = Duration::from_hours(7 * 24);

// Purposes, which are part of the MAC: a token is valid for one purpose only.
const VERIFY_EMAIL: &str = "verify-email";
const CHANGE_EMAIL: &str = "change-email";
const RESET_PASSWORD: &str = "reset-password";

/// Maximum length of a token.
const MAX_TOKEN: usize = 256;

/// Issues and verifies e-mail tokens.
#[derive(Debug, Clone)]
pub struct EmailTokens(HmacKey);

/// Parsed token that is not verified yet.
#[derive(Clone, PartialEq, Eq)]
pub struct UnverifiedToken {
    /// Id of the account, as stated by the token.
    pub user_id: UserId,
    expires_at: i64,
    mac: String,
}

/// Reason why an e-mail token is rejected. A forged and a used token are not distinguished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailTokenError {
    /// The token is malformed or forged, or was already used.
    #[error("the token is not valid")]
    Invalid,
    /// The token has expired.
    #[error("the token has expired")]
    Expired,
}

impl EmailTokens {
    /// Reads the key from the environment.
    ///
    /// # Errors
    /// [`ConfigError`] if the variable is missing or invalid.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        Ok(Self(HmacKey::new(&env.secret("AGORA_EMAIL_TOKEN_KEY")?)))
    }

    /// Issues a token that verifies the e-mail address of the account. It must only be sent to this address,
    /// and never be part of an event or a log message.
    #[must_use]
    pub fn to_verify_email(&self, user: &User, at: Timestamp) -> String {
        let expires_at = at.saturating_add(VERIFICATION_LIFETIME).as_seconds();
        self.issue(VERIFY_EMAIL, user, &user.email, expires_at, user.email_verified.to_string().as_bytes())
    }

    /// Issues a token that makes the pending address `to` the address of the account. It must only be sent to
    /// `to`; otherwise, the restrictions of [`to_verify_email`](Self::to_verify_email) apply.
    #[must_use]
    pub fn to_change_email(&self, user: &User, to: &Email, at: Timestamp) -> String {
        let expires_at = at.saturating_add(VERIFICATION_LIFETIME).as_seconds();
        self.issue(CHANGE_EMAIL, user, to, expires_at, user.email.as_str().as_bytes())
    }

    /// Issues a token that allows to replace `credentials` with a new password. The restrictions of
    /// [`to_verify_email`](Self::to_verify_email) apply.
    #[must_use]
    pub fn to_reset_password(&self, user: &User, credentials: &Credentials, at: Timestamp) -> String {
        let expires_at = at.saturating_add(PASSWORD_RESET_LIFETIME).as_seconds();
        self.issue(RESET_PASSWORD, user, &user.email, expires_at, credentials.password_hash.as_bytes())
    }

    /// Issues a token with which an invited user sets their first password: a password-reset token that is
    /// valid for longer.
    #[must_use]
    pub fn to_accept_invitation(&self, user: &User, credentials: &Credentials, at: Timestamp) -> String {
        let expires_at = at.saturating_add(INVITATION_LIFETIME).as_seconds();
        self.issue(RESET_PASSWORD, user, &user.email, expires_at, credentials.password_hash.as_bytes())
    }

    /// Returns the address that `token` verifies: the current or the pending one of the account.
    ///
    /// # Errors
    /// [`EmailTokenError`] if the token is not valid or has expired.
    pub fn verifies_email(
        &self,
        token: &UnverifiedToken,
        user: &User,
        now: Timestamp,
    ) -> Result<Email, EmailTokenError> {
        let state = user.email_verified.to_string();
        let current = self.check(VERIFY_EMAIL, token, user, &user.email, state.as_bytes(), now);
        match (&user.pending_email, current) {
            (Some(pending), Err(EmailTokenError::Invalid)) => {
                let state = user.email.as_str().as_bytes();
                self.check(CHANGE_EMAIL, token, user, pending, state, now).map(|()| pending.clone())
            }
            (_, current) => current.map(|()| user.email.clone()),
        }
    }

    /// Checks that `token` resets the current password of the account.
    ///
    /// # Errors
    /// [`EmailTokenError`] if the token is not valid or has expired.
    pub fn resets_password(
        &self,
        token: &UnverifiedToken,
        user: &User,
        credentials: &Credentials,
        now: Timestamp,
    ) -> Result<(), EmailTokenError> {
        self.check(RESET_PASSWORD, token, user, &user.email, credentials.password_hash.as_bytes(), now)
    }

    fn issue(&self, purpose: &str, user: &User, to: &Email, expires_at: i64, state: &[u8]) -> String {
        let expiry = expires_at.to_string();
        let id = user.id.to_string();
        let parts = [id.as_bytes(), expiry.as_bytes(), to.as_str().as_bytes(), state];
        format!("{id}.{expiry}.{}", self.0.mac(purpose, &parts))
    }

    fn check(
        &self,
        purpose: &str,
        token: &UnverifiedToken,
        user: &User,
        sent_to: &Email,
        state: &[u8],
        now: Timestamp,
    ) -> Result<(), EmailTokenError> {
        let (id, expiry) = (token.user_id.to_string(), token.expires_at.to_string());
        let parts = [id.as_bytes(), expiry.as_bytes(), sent_to.as_str().as_bytes(), state];
        if token.user_id != user.id || !self.0.verify(purpose, &parts, &token.mac) {
            Err(EmailTokenError::Invalid)
        } else if token.expires_at <= now.as_seconds() {
            Err(EmailTokenError::Expired)
        } else {
            Ok(())
        }
    }
}

impl UnverifiedToken {
    /// Parses a token; `None` if the text is not a token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = Some(text).filter(|text| text.len() <= MAX_TOKEN)?.split('.');
        let (user_id, expires_at, mac) = (parts.next()?, parts.next()?, parts.next()?);
        let token = Self {
            user_id: user_id.parse().ok()?,
            expires_at: expires_at.parse().ok()?,
            mac: mac.to_owned(),
        };
        Some(token).filter(|_| parts.next().is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::user::SessionEpoch;
    use crate::domain::user::notifications::Notifications;
    use crate::domain::user::{Role, UserStatus};
    use crate::kit::command::Version;

    const NOW: i64 = 1_800_000_000_000;

    fn tokens(secret: u8) -> EmailTokens {
        EmailTokens(HmacKey::new(&[secret; 32]))
    }

    fn now() -> Timestamp {
        Timestamp::from_millis(NOW)
    }

    fn ada() -> (User, Credentials) {
        let user = User {
            id: "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap(),
            version: Version::FIRST,
            email: "ada@example.com".parse().unwrap(),
            email_verified: false,
            pending_email: None,
            name: "Ada".parse().unwrap(),
            role: Role::User,
            status: UserStatus::Active,
            session_epoch: SessionEpoch::default(),
            notifications: Notifications::default(),
            created_at: now(),
            updated_at: now(),
        };
        (user, Credentials { password_hash: "$argon2id$1".to_owned() })
    }

    #[test]
    fn reset_token_expires_and_depends_on_account_state() {
        let (user, credentials) = ada();
        let token = tokens(1).to_reset_password(&user, &credentials, now());
        assert_eq!(token, tokens(1).to_reset_password(&user, &credentials, now()));
        let token = UnverifiedToken::parse(&token).unwrap();
        let check = |user: &User, credentials: &Credentials, at| {
            tokens(1).resets_password(&token, user, credentials, at)
        };
        assert_eq!(check(&user, &credentials, now()), Ok(()));
        let before_expiry =
            now().saturating_add(PASSWORD_RESET_LIFETIME).saturating_sub(Duration::from_millis(1));
        assert_eq!(check(&user, &credentials, before_expiry), Ok(()));
        assert_eq!(
            check(&user, &credentials, now().saturating_add(PASSWORD_RESET_LIFETIME)),
            Err(EmailTokenError::Expired)
        );
        let other = Credentials { password_hash: "$argon2id$2".to_owned() };
        assert_eq!(check(&user, &other, now()), Err(EmailTokenError::Invalid));
        let other_email = User { email: "ada@example.org".parse().unwrap(), ..user.clone() };
        assert_eq!(check(&other_email, &credentials, now()), Err(EmailTokenError::Invalid));
        let other_user = User { id: "usr_01J8Z3K5V0ABCDEFGHJKMNPQRT".parse().unwrap(), ..user };
        assert_eq!(check(&other_user, &credentials, now()), Err(EmailTokenError::Invalid));
    }

    #[test]
    fn verification_token_depends_on_purpose_key_and_state() {
        let (user, credentials) = ada();
        let text = tokens(1).to_verify_email(&user, now());
        let token = UnverifiedToken::parse(&text).unwrap();
        assert_eq!(tokens(1).verifies_email(&token, &user, now()), Ok(user.email.clone()));
        assert_eq!(tokens(2).verifies_email(&token, &user, now()), Err(EmailTokenError::Invalid));
        let other_purpose = tokens(1).resets_password(&token, &user, &credentials, now());
        assert_eq!(other_purpose, Err(EmailTokenError::Invalid));
        let verified = User { email_verified: true, ..user.clone() };
        assert_eq!(tokens(1).verifies_email(&token, &verified, now()), Err(EmailTokenError::Invalid));
        let later = text.replacen(&token.expires_at.to_string(), &(token.expires_at + 1).to_string(), 1);
        let later = UnverifiedToken::parse(&later).unwrap();
        assert_eq!(tokens(1).verifies_email(&later, &user, now()), Err(EmailTokenError::Invalid));
    }

    #[test]
    fn change_token_is_valid_for_the_pending_address_only() {
        let (user, _) = ada();
        let to = |email: &str| Some(email.parse::<Email>().unwrap());
        let pending = User { pending_email: to("ada@example.org"), ..user.clone() };
        let token = tokens(1).to_change_email(&user, &to("ada@example.org").unwrap(), now());
        let token = UnverifiedToken::parse(&token).unwrap();
        let check = |user: &User, at| tokens(1).verifies_email(&token, user, at);
        assert_eq!(check(&pending, now()).ok(), to("ada@example.org"));
        assert_eq!(
            check(&pending, now().saturating_add(VERIFICATION_LIFETIME)),
            Err(EmailTokenError::Expired)
        );
        let other = User { pending_email: to("eve@example.org"), ..user.clone() };
        let moved = User { email: "ada@example.net".parse().unwrap(), ..pending.clone() };
        for outdated in [user.clone(), other, moved] {
            assert_eq!(check(&outdated, now()), Err(EmailTokenError::Invalid));
        }
        let current = UnverifiedToken::parse(&tokens(1).to_verify_email(&pending, now())).unwrap();
        assert_eq!(tokens(1).verifies_email(&current, &pending, now()), Ok(user.email));
    }

    #[test]
    fn malformed_text_is_not_a_token() {
        for text in ["", "x", "...", "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS.1", "usr_1.1.x", &"a".repeat(10_000)] {
            assert!(UnverifiedToken::parse(text).is_none(), "{text}");
        }
    }
}

//! Tokens that are sent to the address of an account: who presents one has read what was sent there.
//!
//! None is stored. A token is sealed over the account as it was when the token was made, so it is good once: what it is
//! good for changes that. Made again at the same moment for the same account, it is the same, so that a message may be
//! written twice.

use std::time::Duration;

use crate::domain::user::{Credentials, User, UserId};
use crate::kit::auth::access_token::TokenError;
use crate::kit::auth::hmac_key::HmacKey;
use crate::kit::system::clock::Timestamp;
use crate::kit::system::config::{ConfigError, Environment};

/// How long an address can be verified.
pub const VERIFICATION_LIFETIME: Duration = Duration::from_hours(72);

/// How long a new password can be chosen.
pub const PASSWORD_RESET_LIFETIME: Duration = Duration::from_hours(1);

/// Labels of the seal: a token for one purpose is good for no other.
const VERIFY_EMAIL: &str = "verify-email";
const RESET_PASSWORD: &str = "reset-password";

/// The longest text that can be a token.
const MAX_TOKEN: usize = 256;

/// Makes and checks the tokens that are sent to addresses.
#[derive(Debug, Clone)]
pub struct EmailTokens(HmacKey);

/// A token that somebody presents: what it says, not yet believed.
#[derive(Clone, PartialEq, Eq)]
pub struct UnverifiedToken {
    /// Whose account it says it is about.
    pub user_id: UserId,
    expires_at: i64,
    mark: String,
}

impl EmailTokens {
    /// With the key of the environment.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        Ok(Self(HmacKey::new(&env.secret("AGORA_ACCOUNT_TOKEN_KEY")?)))
    }

    /// Shows, made at `at`, that its holder reads what is sent to the account's address. For that message and nothing
    /// else: not for events, not for logs.
    #[must_use]
    pub fn to_verify_email(&self, user: &User, at: Timestamp) -> String {
        let expires_at = at.saturating_add(VERIFICATION_LIFETIME).as_seconds();
        self.issue(VERIFY_EMAIL, user, expires_at, user.email_verified.to_string().as_bytes())
    }

    /// As [`to_verify_email`](Self::to_verify_email), to choose a new password in place of `credentials`.
    #[must_use]
    pub fn to_reset_password(&self, user: &User, credentials: &Credentials, at: Timestamp) -> String {
        let expires_at = at.saturating_add(PASSWORD_RESET_LIFETIME).as_seconds();
        self.issue(RESET_PASSWORD, user, expires_at, credentials.password_hash.as_bytes())
    }

    /// Whether `token` verifies the account's address as the account is now.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verifies_email(
        &self,
        token: &UnverifiedToken,
        user: &User,
        now: Timestamp,
    ) -> Result<(), TokenError> {
        let state = user.email_verified.to_string();
        self.check(VERIFY_EMAIL, token, (user, state.as_bytes()), now)
    }

    /// Whether `token` resets the account's password as the account is now.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn resets_password(
        &self,
        token: &UnverifiedToken,
        (user, credentials): (&User, &Credentials),
        now: Timestamp,
    ) -> Result<(), TokenError> {
        self.check(RESET_PASSWORD, token, (user, credentials.password_hash.as_bytes()), now)
    }

    fn issue(&self, purpose: &str, user: &User, expires_at: i64, state: &[u8]) -> String {
        let expiry = expires_at.to_string();
        let id = user.id.to_string();
        let parts = [id.as_bytes(), expiry.as_bytes(), user.email.as_str().as_bytes(), state];
        format!("{id}.{expiry}.{}", self.0.mac(purpose, &parts))
    }

    fn check(
        &self,
        purpose: &str,
        token: &UnverifiedToken,
        (user, state): (&User, &[u8]),
        now: Timestamp,
    ) -> Result<(), TokenError> {
        let (id, expiry) = (token.user_id.to_string(), token.expires_at.to_string());
        let parts = [id.as_bytes(), expiry.as_bytes(), user.email.as_str().as_bytes(), state];
        if token.user_id != user.id || !self.0.verify(purpose, &parts, &token.mark) {
            Err(TokenError::Invalid)
        } else if token.expires_at <= now.as_seconds() {
            Err(TokenError::Expired)
        } else {
            Ok(())
        }
    }
}

impl UnverifiedToken {
    /// Reads what a token says; `None` for what is none.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = Some(text).filter(|text| text.len() <= MAX_TOKEN)?.split('.');
        let (user_id, expires_at, mark) = (parts.next()?, parts.next()?, parts.next()?);
        let token = Self {
            user_id: user_id.parse().ok()?,
            expires_at: expires_at.parse().ok()?,
            mark: mark.to_owned(),
        };
        Some(token).filter(|_| parts.next().is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::session::SessionEpoch;
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
            name: "Ada".parse().unwrap(),
            role: Role::User,
            status: UserStatus::Active,
            session_epoch: SessionEpoch::default(),
            created_at: now(),
            updated_at: now(),
        };
        (user, Credentials { password_hash: "$argon2id$1".to_owned() })
    }

    #[test]
    fn a_token_is_good_for_the_account_as_it_was_and_for_its_time() {
        let (user, credentials) = ada();
        let token = tokens(1).to_reset_password(&user, &credentials, now());
        assert_eq!(token, tokens(1).to_reset_password(&user, &credentials, now()));
        let token = UnverifiedToken::read(&token).unwrap();
        let check = |user: &User, credentials: &Credentials, at| {
            tokens(1).resets_password(&token, (user, credentials), at)
        };
        assert_eq!(check(&user, &credentials, now()), Ok(()));
        let last = now().saturating_add(PASSWORD_RESET_LIFETIME).saturating_sub(Duration::from_millis(1));
        assert_eq!(check(&user, &credentials, last), Ok(()));
        assert_eq!(
            check(&user, &credentials, now().saturating_add(PASSWORD_RESET_LIFETIME)),
            Err(TokenError::Expired)
        );
        let other = Credentials { password_hash: "$argon2id$2".to_owned() };
        assert_eq!(check(&user, &other, now()), Err(TokenError::Invalid));
        let moved = User { email: "ada@example.org".parse().unwrap(), ..user.clone() };
        assert_eq!(check(&moved, &credentials, now()), Err(TokenError::Invalid));
        let else_one = User { id: "usr_01J8Z3K5V0ABCDEFGHJKMNPQRT".parse().unwrap(), ..user };
        assert_eq!(check(&else_one, &credentials, now()), Err(TokenError::Invalid));
    }

    #[test]
    fn a_token_is_good_for_its_purpose_and_under_its_key_only() {
        let (user, credentials) = ada();
        let text = tokens(1).to_verify_email(&user, now());
        let token = UnverifiedToken::read(&text).unwrap();
        assert_eq!(tokens(1).verifies_email(&token, &user, now()), Ok(()));
        assert_eq!(tokens(2).verifies_email(&token, &user, now()), Err(TokenError::Invalid));
        let crossed = tokens(1).resets_password(&token, (&user, &credentials), now());
        assert_eq!(crossed, Err(TokenError::Invalid));
        let verified = User { email_verified: true, ..user.clone() };
        assert_eq!(tokens(1).verifies_email(&token, &verified, now()), Err(TokenError::Invalid));
        let later = text.replacen(&token.expires_at.to_string(), &(token.expires_at + 1).to_string(), 1);
        let later = UnverifiedToken::read(&later).unwrap();
        assert_eq!(tokens(1).verifies_email(&later, &user, now()), Err(TokenError::Invalid));
    }

    #[test]
    fn what_is_no_token_does_not_read() {
        for text in ["", "x", "...", "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS.1", "usr_1.1.x", &"a".repeat(10_000)] {
            assert!(UnverifiedToken::read(text).is_none(), "{text}");
        }
    }
}

//! Verifying an e-mail address.

use super::{User, UserEvent, UserId};
use crate::domain::values::email::Email;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Marks the e-mail address of an account as verified, with a token that was sent to it.
#[derive(Debug, Clone)]
pub struct VerifyEmail {
    /// Id of the account.
    pub id: UserId,
    /// E-mail address to which the token was sent.
    pub email: Email,
}

/// Reason why the address cannot be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyEmailError {
    /// The account does not exist, or the address has changed or is already verified.
    #[error("the token is not valid")]
    TokenOutdated,
}

impl Command for VerifyEmail {
    type State = Option<User>;
    type Output = User;
    type Error = VerifyEmailError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`VerifyEmailError::TokenOutdated`].
    fn decide(
        &self,
        user: Self::State,
        now: Timestamp,
    ) -> Result<Change<User, VerifyEmailError>, VerifyEmailError> {
        let user = user.filter(|user| user.email == self.email && !user.email_verified);
        let user = user.ok_or(VerifyEmailError::TokenOutdated)?;
        let verified = User { version: user.version.next(), email_verified: true, updated_at: now, ..user };
        Ok(Change::of(verified.clone()).save(&verified, UserEvent::Changed { user_id: verified.id }))
    }
}

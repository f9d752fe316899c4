//! Verifying an address.

use super::{User, UserEvent, UserId};
use crate::domain::values::email::Email;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Notes that somebody has shown an account's address to be theirs, by a token that was sent to it.
#[derive(Debug, Clone)]
pub struct VerifyEmail {
    /// Which account.
    pub id: UserId,
    /// The address that the token was sent to.
    pub email: Email,
}

/// Why that is no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyEmailError {
    /// The account is gone, has another address by now, or has this one verified already.
    #[error("there is nothing to verify")]
    Spent,
}

impl Command for VerifyEmail {
    type State = Option<User>;
    type Output = User;
    type Error = VerifyEmailError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`VerifyEmailError::Spent`].
    fn decide(
        &self,
        user: Self::State,
        now: Timestamp,
    ) -> Result<Change<User, VerifyEmailError>, VerifyEmailError> {
        let user = user.filter(|user| user.email == self.email && !user.email_verified);
        let user = user.ok_or(VerifyEmailError::Spent)?;
        let verified = User { version: user.version.next(), email_verified: true, updated_at: now, ..user };
        Ok(Change::of(verified.clone()).save(&verified, UserEvent::Changed { user_id: verified.id }))
    }
}

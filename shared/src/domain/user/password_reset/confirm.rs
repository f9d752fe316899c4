//! Choosing a new password.

use crate::domain::user::{Credentials, User, UserEvent, UserId};
use crate::domain::values::email::Email;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Gives an account a new password, by a token that was sent to its address while it had the password `replacing`. Ends
/// all sessions: whoever knew the old password is out.
#[derive(Clone)]
pub struct ResetPassword {
    /// Whose.
    pub id: UserId,
    /// The address that the token was sent to.
    pub email: Email,
    /// What the token was made for.
    pub replacing: Credentials,
    /// What takes its place.
    pub credentials: Credentials,
}

/// Why it cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResetPasswordError {
    /// The account is gone, or has another password or address by now.
    #[error("the account has changed since")]
    Spent,
}

impl Command for ResetPassword {
    type State = Option<User>;
    type Output = ();
    type Error = ResetPasswordError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`ResetPasswordError::Spent`], from the condition on what is replaced: of two with one token, one succeeds.
    fn decide(
        &self,
        user: Self::State,
        now: Timestamp,
    ) -> Result<Change<(), ResetPasswordError>, ResetPasswordError> {
        let user = user.filter(|user| user.email == self.email).ok_or(ResetPasswordError::Spent)?;
        let changed = User {
            version: user.version.next(),
            // The token came by way of the address.
            email_verified: true,
            session_epoch: user.session_epoch.next(),
            updated_at: now,
            ..user
        };
        let old = (Credentials::PASSWORD_HASH, self.replacing.password_hash.as_str());
        Ok(Change::of(()).save(&changed, UserEvent::Changed { user_id: changed.id }).replace(
            &changed.id,
            &self.credentials,
            old,
            ResetPasswordError::Spent,
        ))
    }
}

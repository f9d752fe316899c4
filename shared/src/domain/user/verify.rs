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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{at, decide, refusal, third, user};

    #[test]
    fn address_is_verified_once() {
        let command = VerifyEmail { id: user().id, email: user().email };
        let unverified = User { email_verified: false, ..user() };
        let verified = decide(&command, Some(unverified.clone()), at(7));
        let expected = User { version: third().next(), updated_at: at(7), ..user() };
        assert_eq!((verified.stored(), &verified.output), (expected.clone(), &expected));
        assert_eq!(verified.events(), [("user.changed", expected.version)]);

        let moved = User { email: "ada@example.org".parse().unwrap(), ..unverified };
        for state in [None, Some(expected), Some(moved)] {
            assert_eq!(refusal(&command, state, at(8)), VerifyEmailError::TokenOutdated);
        }
    }
}

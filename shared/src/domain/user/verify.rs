//! Verifying an e-mail address.

use super::{EmailClaim, User, UserEvent, UserId};
use crate::domain::values::email::Email;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Marks the e-mail address of an account as verified, or replaces it with the pending one, with a token that
/// was sent to the address.
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
    /// The pending address belongs to another account.
    #[error("an account with this e-mail address already exists")]
    EmailTaken,
}

impl Command for VerifyEmail {
    type State = Option<User>;
    type Output = User;
    type Error = VerifyEmailError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`VerifyEmailError`]. [`VerifyEmailError::EmailTaken`] results from the claim on the address and is
    /// exact under concurrency.
    fn decide(
        &self,
        user: Self::State,
        now: Timestamp,
    ) -> Result<Change<User, VerifyEmailError>, VerifyEmailError> {
        let user = user.ok_or(VerifyEmailError::TokenOutdated)?;
        if user.pending_email.as_ref() == Some(&self.email) {
            return Ok(self.replace_address(user, now));
        }
        if user.email != self.email || user.email_verified {
            return Err(VerifyEmailError::TokenOutdated);
        }
        let verified = User { version: user.version.next(), email_verified: true, updated_at: now, ..user };
        Ok(Change::of(verified.clone()).save(&verified, UserEvent::Changed { user_id: verified.id }))
    }
}

impl VerifyEmail {
    /// Replaces the address with the pending one, which is claimed; the claim on the old address is removed.
    fn replace_address(&self, user: User, now: Timestamp) -> Change<User, VerifyEmailError> {
        let (old, claim) = (user.email.clone(), EmailClaim { user_id: user.id });
        let changed = User {
            version: user.version.next(),
            email: self.email.clone(),
            email_verified: true,
            pending_email: None,
            updated_at: now,
            ..user
        };
        Change::of(changed.clone())
            .save(&changed, UserEvent::EmailChanged { user_id: changed.id })
            .claim(&changed.email, &claim, VerifyEmailError::EmailTaken)
            .remove::<EmailClaim>(&old)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{at, decide, refusal, third, user};
    use crate::kit::command::{Condition, Operation};

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

    #[test]
    fn pending_address_replaces_the_current_one_when_verified() {
        let new: Email = "ada@example.org".parse().unwrap();
        let command = VerifyEmail { id: user().id, email: new.clone() };
        let pending = User { pending_email: Some(new.clone()), email_verified: false, ..user() };
        let verified = decide(&command, Some(pending), at(7));
        let expected = User { version: third().next(), email: new, updated_at: at(7), ..user() };
        assert_eq!((verified.stored(), &verified.output), (expected.clone(), &expected));
        assert_eq!(verified.events(), [("user.email_changed", expected.version)]);
        assert_eq!(verified.stored::<EmailClaim>(), EmailClaim { user_id: user().id });
        let claim = verified.write::<EmailClaim>(&expected.email);
        let taken = Some(VerifyEmailError::EmailTaken);
        assert_eq!((&claim.condition, claim.refusal), (&Condition::Absent, taken));
        let released = verified.write::<EmailClaim>(&user().email);
        assert!(matches!(released.operation, Operation::Delete));
        assert_eq!(refusal(&command, Some(expected), at(8)), VerifyEmailError::TokenOutdated);
    }
}

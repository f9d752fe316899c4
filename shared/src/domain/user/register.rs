//! Registering an account.

use super::{Credentials, EmailClaim, Role, User, UserEvent, UserId, UserStatus};
use crate::domain::user::SessionEpoch;
use crate::domain::user::notifications::Notifications;
use crate::domain::values::email::Email;
use crate::domain::values::text::Name;
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Registers an account.
#[derive(Clone)]
pub struct RegisterUser {
    /// Id of the new account.
    pub id: UserId,
    /// E-mail address.
    pub email: Email,
    /// Name of the user.
    pub name: Name,
    /// Role of the account: `User` for self-registration.
    pub role: Role,
    /// Password hash.
    pub credentials: Credentials,
}

/// Reason why an account cannot be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// The address belongs to another account.
    #[error("an account with this e-mail address already exists")]
    EmailTaken,
}

impl Command for RegisterUser {
    type State = ();
    type Output = User;
    type Error = RegisterError;

    fn reads(&self) -> ReadSet<()> {
        ReadSet::empty()
    }

    /// # Errors
    /// [`RegisterError::EmailTaken`], from the claim on the address; exact under concurrency.
    fn decide(&self, (): (), now: Timestamp) -> Result<Change<User, RegisterError>, RegisterError> {
        let user = new_user(self.id, self.email.clone(), self.name.clone(), self.role, now);
        let claim = EmailClaim { user_id: user.id };
        Ok(Change::of(user.clone())
            .save(&user, UserEvent::Registered { user_id: user.id })
            .claim(&user.email, &claim, RegisterError::EmailTaken)
            .overwrite(&user.id, &self.credentials))
    }
}

/// New account with an unverified address.
pub(super) fn new_user(id: UserId, email: Email, name: Name, role: Role, now: Timestamp) -> User {
    User {
        id,
        version: Version::FIRST,
        email,
        email_verified: false,
        pending_email: None,
        name,
        role,
        status: UserStatus::Active,
        session_epoch: SessionEpoch::default(),
        notifications: Notifications::default(),
        created_at: now,
        updated_at: now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{at, decide, user};
    use crate::kit::command::Condition;

    #[test]
    fn registration_claims_the_address_and_stores_the_password() {
        let User { id, email, name, .. } = user();
        let credentials = Credentials { password_hash: "hash".to_owned() };
        let command = RegisterUser { id, email, name, role: Role::Moderator, credentials };
        let registered = decide(&command, (), at(7));
        let expected = User {
            version: Version::FIRST,
            email_verified: false,
            role: Role::Moderator,
            session_epoch: SessionEpoch::default(),
            created_at: at(7),
            updated_at: at(7),
            ..user()
        };
        assert_eq!((registered.stored(), &registered.output), (expected.clone(), &expected));
        assert_eq!(registered.events(), [("user.registered", Version::FIRST)]);
        assert_eq!(registered.stored::<EmailClaim>(), EmailClaim { user_id: id });
        let claim = registered.write::<EmailClaim>(&expected.email);
        assert_eq!((&claim.condition, claim.refusal), (&Condition::Absent, Some(RegisterError::EmailTaken)));
        assert_eq!(registered.stored::<Credentials>().password_hash, "hash");
    }
}

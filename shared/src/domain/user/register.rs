//! Registering an account.

use super::{Credentials, EmailClaim, Role, User, UserEvent, UserId, UserStatus};
use crate::domain::session::SessionEpoch;
use crate::domain::values::email::Email;
use crate::domain::values::text::Name;
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Registers an account with role `user`.
#[derive(Clone)]
pub struct RegisterUser {
    /// The id it is to have.
    pub id: UserId,
    /// Its address.
    pub email: Email,
    /// What the person is called.
    pub name: Name,
    /// What it may do; people who register themselves are users.
    pub role: Role,
    /// The hash of its password.
    pub credentials: Credentials,
}

/// Why an account cannot be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// The address belongs to another account.
    #[error("an account with this e-mail address exists")]
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
    /// [`RegisterError::EmailTaken`], from the claim on the address: it is exact however many register at once.
    fn decide(&self, (): (), now: Timestamp) -> Result<Change<User, RegisterError>, RegisterError> {
        let user = User {
            id: self.id,
            version: Version::FIRST,
            email: self.email.clone(),
            email_verified: false,
            name: self.name.clone(),
            role: self.role,
            status: UserStatus::Active,
            session_epoch: SessionEpoch::default(),
            created_at: now,
            updated_at: now,
        };
        let claim = EmailClaim { user_id: user.id };
        Ok(Change::of(user.clone())
            .save(&user, UserEvent::Registered { user_id: user.id })
            .claim(&user.email, &claim, RegisterError::EmailTaken)
            .overwrite(&user.id, &self.credentials))
    }
}

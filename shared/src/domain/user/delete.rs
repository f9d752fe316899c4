//! Deleting an account.

use super::{Credentials, EmailClaim, User, UserEvent, UserId, UserStatus};
use crate::domain::values::actor::Actor;
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Deletes an account with its password, and gives its address back. Its sessions end with it; what it bought and sold
/// stays.
#[derive(Debug, Clone)]
pub struct DeleteUser {
    /// Which account.
    pub id: UserId,
    /// Who deletes it.
    pub by: Actor,
    /// Whether the actor may see the accounts of others.
    pub may_read: bool,
    /// Whether the actor may delete the accounts of others.
    pub may_delete: bool,
    /// The version that must be there; any, if `None`.
    pub expected: Option<Version>,
}

/// Why an account cannot be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeleteUserError {
    /// There is no such account, or it is none of the actor's business.
    #[error("there is no such account")]
    NotFound,
    /// The actor may see the account, but not delete it.
    #[error("this needs a permission that you do not hold")]
    NotPermitted,
    /// The account itself is suspended.
    #[error("the account is suspended")]
    Suspended,
    /// It is not at the version that the actor has seen.
    #[error("the account has changed")]
    VersionMismatch,
}

impl Command for DeleteUser {
    type State = Option<User>;
    type Output = ();
    type Error = DeleteUserError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`DeleteUserError`].
    fn decide(
        &self,
        user: Self::State,
        now: Timestamp,
    ) -> Result<Change<(), DeleteUserError>, DeleteUserError> {
        let own = self.id == self.by.user;
        let seen = own || self.may_read || self.may_delete;
        let user = user.filter(|_| seen).ok_or(DeleteUserError::NotFound)?;
        if !own && !self.may_delete {
            return Err(DeleteUserError::NotPermitted);
        }
        if own && user.status != UserStatus::Active {
            return Err(DeleteUserError::Suspended);
        }
        if !user.version.matches(self.expected) {
            return Err(DeleteUserError::VersionMismatch);
        }
        let last = User { version: user.version.next(), updated_at: now, ..user };
        Ok(Change::of(())
            .delete_entity(&last, UserEvent::Deleted { user_id: last.id })
            .remove::<Credentials>(&last.id)
            .remove::<EmailClaim>(&last.email))
    }
}

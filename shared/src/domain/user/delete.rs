//! Deleting an account.

use super::{Credentials, EmailClaim, User, UserEvent, UserId, UserStatus};
use crate::domain::values::actor::Actor;
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Deletes an account with its password and releases its e-mail address. Its sessions end. Its orders,
/// markets and products remain.
#[derive(Debug, Clone)]
pub struct DeleteUser {
    /// Id of the account.
    pub id: UserId,
    /// Actor that deletes the account.
    pub by: Actor,
    /// True if the actor may read other accounts.
    pub may_read: bool,
    /// True if the actor may delete other accounts.
    pub may_delete: bool,
    /// Expected version; `None` accepts any version.
    pub expected: Option<Version>,
}

/// Reason why an account cannot be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeleteUserError {
    /// The account does not exist or is not visible to the actor.
    #[error("account not found")]
    NotFound,
    /// The actor may read the account but not delete it.
    #[error("the permission to delete another account is missing")]
    NotPermitted,
    /// The actor's own account is suspended.
    #[error("the account is suspended")]
    Suspended,
    /// The account is not at the expected version.
    #[error("the account was changed meanwhile")]
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
        let visible = own || self.may_read || self.may_delete;
        let user = user.filter(|_| visible).ok_or(DeleteUserError::NotFound)?;
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

//! Deleting an account.

use super::{Credentials, EmailClaim, User, UserEvent, UserId, UserStatus};
use crate::domain::access::{AccessError, forbid_unless, require_version};
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
    /// The actor has no access to the account.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The actor's own account is suspended.
    #[error("the account is suspended")]
    Suspended,
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
        let user = user.filter(|_| visible).ok_or(AccessError::NotFound)?;
        forbid_unless(own || self.may_delete, "the permission to delete another account is missing")?;
        if own && user.status != UserStatus::Active {
            return Err(DeleteUserError::Suspended);
        }
        require_version(user.version, self.expected)?;
        let last = User { version: user.version.next(), updated_at: now, ..user };
        Ok(Change::of(())
            .delete_entity(&last, UserEvent::Deleted { user_id: last.id })
            .remove::<Credentials>(&last.id)
            .remove::<EmailClaim>(&last.email))
    }
}

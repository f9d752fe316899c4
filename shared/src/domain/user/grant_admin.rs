//! Granting the administrator role by an operator of the deployment.

use super::{Role, User, UserEvent, UserId, UserStatus};
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Grants the administrator role to an account. The HTTP API requires an administrator to grant roles, so an
/// operator creates the first one with this command.
#[derive(Debug, Clone)]
pub struct GrantAdmin {
    /// Id of the account.
    pub id: UserId,
}

/// Reason why the role cannot be granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrantAdminError {
    /// The account does not exist.
    #[error("account not found")]
    NotFound,
    /// A suspended account cannot be made an administrator.
    #[error("the account is suspended")]
    Suspended,
}

impl Command for GrantAdmin {
    type State = Option<User>;
    type Output = User;
    type Error = GrantAdminError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`GrantAdminError`].
    fn decide(
        &self,
        user: Self::State,
        now: Timestamp,
    ) -> Result<Change<User, GrantAdminError>, GrantAdminError> {
        let user = user.ok_or(GrantAdminError::NotFound)?;
        if user.status == UserStatus::Suspended {
            return Err(GrantAdminError::Suspended);
        }
        if user.role == Role::Admin {
            return Ok(Change::of(user));
        }
        let granted = User { version: user.version.next(), role: Role::Admin, updated_at: now, ..user };
        Ok(Change::of(granted.clone()).save(&granted, UserEvent::Changed { user_id: granted.id }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{at, decide, refusal, third, user};

    #[test]
    fn granting_admin_twice_changes_the_account_once() {
        let command = GrantAdmin { id: user().id };
        let granted = decide(&command, Some(user()), at(7));
        let admin = User { version: third().next(), role: Role::Admin, updated_at: at(7), ..user() };
        assert_eq!((granted.stored(), &granted.output), (admin.clone(), &admin));
        assert_eq!(granted.events(), [("user.changed", admin.version)]);

        let again = decide(&command, Some(admin.clone()), at(8));
        assert_eq!(again.output, admin);
        again.assert_unchanged();
    }

    #[test]
    fn missing_or_suspended_account_is_refused() {
        let command = GrantAdmin { id: user().id };
        assert_eq!(refusal(&command, None, at(7)), GrantAdminError::NotFound);
        let suspended = User { status: UserStatus::Suspended, role: Role::Moderator, ..user() };
        assert_eq!(refusal(&command, Some(suspended), at(7)), GrantAdminError::Suspended);
    }
}

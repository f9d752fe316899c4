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
    use crate::domain::user::SessionEpoch;
    use crate::kit::command::Version;

    fn account(role: Role, status: UserStatus) -> User {
        let now = Timestamp::from_millis(0);
        User {
            id: "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap(),
            version: Version::FIRST,
            email: "ada@example.com".parse().unwrap(),
            email_verified: true,
            name: "Ada".parse().unwrap(),
            role,
            status,
            session_epoch: SessionEpoch::default(),
            created_at: now,
            updated_at: now,
        }
    }

    fn grant(user: Option<User>) -> Result<User, GrantAdminError> {
        let id = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap();
        let change = GrantAdmin { id }.decide(user, Timestamp::from_millis(7))?;
        Ok(change.into_parts().unwrap().0)
    }

    #[test]
    fn granting_admin_twice_changes_the_account_once() {
        let granted = grant(Some(account(Role::User, UserStatus::Active))).unwrap();
        assert_eq!((granted.role, granted.version), (Role::Admin, Version::FIRST.next()));
        assert_eq!(grant(Some(granted.clone())), Ok(granted), "no new version without a change");
    }

    #[test]
    fn missing_or_suspended_account_is_refused() {
        assert_eq!(grant(None), Err(GrantAdminError::NotFound));
        let suspended = account(Role::Moderator, UserStatus::Suspended);
        assert_eq!(grant(Some(suspended)), Err(GrantAdminError::Suspended));
    }
}

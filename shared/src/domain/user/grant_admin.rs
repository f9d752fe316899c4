//! Appointing an administrator from outside, by whoever runs the deployment.

use super::{Role, User, UserEvent, UserId, UserStatus};
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Makes an account an administrator. Over HTTP only administrators give roles, so that somebody has to make the first.
#[derive(Debug, Clone)]
pub struct GrantAdmin {
    /// Which account.
    pub id: UserId,
}

/// Why an account cannot be appointed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AppointError {
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// It may do nothing at all, and so look after nothing.
    #[error("the account is suspended")]
    Suspended,
}

impl Command for GrantAdmin {
    type State = Option<User>;
    type Output = User;
    type Error = AppointError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`AppointError`].
    fn decide(&self, user: Self::State, now: Timestamp) -> Result<Change<User, AppointError>, AppointError> {
        let user = user.ok_or(AppointError::NotFound)?;
        if user.status == UserStatus::Suspended {
            return Err(AppointError::Suspended);
        }
        if user.role == Role::Admin {
            return Ok(Change::of(user));
        }
        let appointed = User { version: user.version.next(), role: Role::Admin, updated_at: now, ..user };
        Ok(Change::of(appointed.clone()).save(&appointed, UserEvent::Changed { user_id: appointed.id }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::session::SessionEpoch;
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

    fn appoint(user: Option<User>) -> Result<User, AppointError> {
        let id = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap();
        let change = GrantAdmin { id }.decide(user, Timestamp::from_millis(7))?;
        Ok(change.into_parts().unwrap().0)
    }

    #[test]
    fn an_account_becomes_an_administrator_once() {
        let appointed = appoint(Some(account(Role::User, UserStatus::Active))).unwrap();
        assert_eq!((appointed.role, appointed.version), (Role::Admin, Version::FIRST.next()));
        assert_eq!(appoint(Some(appointed.clone())), Ok(appointed), "what changes nothing is no new version");
    }

    #[test]
    fn nobody_and_who_is_suspended_are_not_appointed() {
        assert_eq!(appoint(None), Err(AppointError::NotFound));
        let suspended = account(Role::Moderator, UserStatus::Suspended);
        assert_eq!(appoint(Some(suspended)), Err(AppointError::Suspended));
    }
}

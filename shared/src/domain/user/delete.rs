//! Deleting an account.

use super::{Credentials, EmailClaim, User, UserEvent, UserId, UserStatus};
use crate::domain::access::{AccessError, require_permission, require_version};
use crate::domain::values::actor::{Actor, Permission};
use crate::kit::command::{Change, Command, ReadSet, VersionSet};
use crate::kit::system::clock::Timestamp;

/// Deletes an account with its password and releases its e-mail address. Its sessions end. Its orders and
/// its markets, of which none is active, remain.
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
    /// True if a market of the account is active.
    pub has_open_markets: bool,
    /// Accepted versions; `None` accepts any version.
    pub expected: Option<VersionSet>,
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
    /// A market of the account is active.
    #[error("the account has active markets: close or delete them first")]
    OpenMarkets,
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
        _: Timestamp,
    ) -> Result<Change<(), DeleteUserError>, DeleteUserError> {
        let own = self.id == self.by.user;
        let visible = own || self.may_read || self.may_delete;
        let user = user.filter(|_| visible).ok_or(AccessError::not_found(self.id))?;
        require_permission(own || self.may_delete, Permission::UsersDelete)?;
        if own && user.status != UserStatus::Active {
            return Err(DeleteUserError::Suspended);
        }
        require_version(user.id, user.version, self.expected.as_ref())?;
        if self.has_open_markets {
            return Err(DeleteUserError::OpenMarkets);
        }
        let last = User { version: user.version.next(), ..user };
        Ok(Change::of(())
            .delete_entity(&last, UserEvent::Deleted { user_id: last.id })
            .remove::<Credentials>(&last.id)
            .remove::<EmailClaim>(&last.email))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{BUYER, STRANGER, actor, at, decide, refusal, third, user};
    use crate::kit::command::{Condition, Operation, Version};

    fn delete(by: &str, may_read: bool, may_delete: bool) -> DeleteUser {
        DeleteUser {
            id: user().id,
            by: actor(by),
            may_read,
            may_delete,
            has_open_markets: false,
            expected: Some(third().into()),
        }
    }

    #[test]
    fn account_is_deleted_with_its_password_and_address() {
        for command in [
            delete(BUYER, false, false),
            delete(STRANGER, false, true),
            delete(STRANGER, true, true),
            DeleteUser { expected: None, ..delete(BUYER, false, false) },
        ] {
            let deleted = decide(&command, Some(user()), at(1));
            assert_eq!(deleted.events(), [("user.deleted", third().next())]);
            let account = deleted.write::<User>(&user().id);
            assert_eq!(account.condition, Condition::AtVersion(third()));
            let (password, address) =
                (deleted.write::<Credentials>(&user().id), deleted.write::<EmailClaim>(&user().email));
            for write in [account, password, address] {
                assert!(matches!(write.operation, Operation::Delete));
            }
        }
    }

    #[test]
    fn account_with_an_open_market_is_not_deleted() {
        for by in [BUYER, STRANGER] {
            let command = DeleteUser { has_open_markets: true, ..delete(by, false, true) };
            assert_eq!(refusal(&command, Some(user()), at(1)), DeleteUserError::OpenMarkets);
        }
    }

    #[test]
    fn suspended_account_is_deleted_only_by_others() {
        let suspended = || Some(User { status: UserStatus::Suspended, ..user() });
        assert_eq!(refusal(&delete(BUYER, false, true), suspended(), at(1)), DeleteUserError::Suspended);
        assert!(delete(STRANGER, false, true).decide(suspended(), at(1)).is_ok());
    }

    #[test]
    fn deletion_is_refused_without_account_right_or_version() {
        let refused = |command: &DeleteUser| refusal(command, Some(user()), at(1));
        assert_eq!(
            refusal(&delete(BUYER, true, true), None, at(1)),
            AccessError::not_found(user().id).into()
        );
        assert_eq!(refused(&delete(STRANGER, false, false)), AccessError::not_found(user().id).into());
        let forbidden = AccessError::MissingPermission(Permission::UsersDelete);
        assert_eq!(refused(&delete(STRANGER, true, false)), forbidden.into());
        let outdated = DeleteUser { expected: Some(Version::FIRST.into()), ..delete(BUYER, false, false) };
        assert_eq!(refused(&outdated), AccessError::VersionMismatch(user().id.into()).into());
    }
}

//! Updating an account.

pub mod email_change;

use super::{EmailClaim, Role, SessionEpoch, User, UserEvent, UserId, UserStatus};
use crate::domain::access::{AccessError, require_permission, require_version};
use crate::domain::user::notifications::NotificationChanges;
use crate::domain::values::actor::{Actor, Permission};
use crate::domain::values::email::Email;
use crate::domain::values::text::Name;
use crate::kit::command::{Change, Command, ReadSet, VersionSet};
use crate::kit::system::clock::Timestamp;

/// Updates an account.
#[derive(Debug, Clone)]
pub struct UpdateUser {
    /// Id of the account.
    pub id: UserId,
    /// Actor that updates the account.
    pub by: Actor,
    /// Rights of the actor on other accounts.
    pub rights: UserAdminRights,
    /// Session epoch in which the actor's current password was verified; `None` if it was not. A change of
    /// the address requires it.
    pub reauthentication: Option<SessionEpoch>,
    /// Accepted versions; `None` accepts any version.
    pub expected: Option<VersionSet>,
    /// Changes to apply.
    pub changes: UserChanges,
}

/// Current rights of an actor on other accounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UserAdminRights {
    /// May read accounts.
    pub read: bool,
    /// May suspend and reinstate users.
    pub suspend: bool,
    /// May change all properties of accounts.
    pub update: bool,
}

/// Changes to an account; `None` leaves a property unchanged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserChanges {
    /// New e-mail address. The current one cancels a pending change.
    pub email: Option<Email>,
    /// New name.
    pub name: Option<Name>,
    /// New role.
    pub role: Option<Role>,
    /// New status.
    pub status: Option<UserStatus>,
    /// Changes to the notifications.
    pub notifications: NotificationChanges,
}

/// Reason why an account cannot be updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UpdateUserError {
    /// The actor has no access to the account.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Accounts cannot change their own role or status.
    #[error("cannot be changed by the account itself")]
    OwnRoleOrStatus {
        /// True if the role was to change.
        role: bool,
        /// True if the status was to change.
        status: bool,
    },
    /// The actor's own account is suspended.
    #[error("the account is suspended")]
    Suspended,
    /// The address can be changed only with the actor's current password.
    #[error("is required to change the e-mail address")]
    PasswordRequired,
}

impl Command for UpdateUser {
    type State = (Option<User>, Vec<Option<EmailClaim>>);
    type Output = User;
    type Error = UpdateUserError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id).and(ReadSet::get_all(&self.changes.email))
    }

    /// # Errors
    /// [`UpdateUserError`].
    fn decide(
        &self,
        (user, claims): Self::State,
        now: Timestamp,
    ) -> Result<Change<User, UpdateUserError>, UpdateUserError> {
        let own = self.id == self.by.user;
        let user = user.filter(|_| own || self.rights.read).ok_or(AccessError::not_found(self.id))?;
        if own {
            self.check_own(&user)?;
        } else {
            self.check_others(&user)?;
        }
        require_version(user.id, user.version, self.expected.as_ref())?;
        let requested = self.changes.email.as_ref().filter(|email| **email != user.email);
        // A password reset starts another epoch: the password that was verified is not the current one then.
        let is_current = |epoch: SessionEpoch| !own || epoch == user.session_epoch;
        let is_reauthenticated = self.reauthentication.is_some_and(is_current);
        if requested.is_some() && !is_reauthenticated {
            return Err(UpdateUserError::PasswordRequired);
        }
        let changed = self.changes.applied_to(user.clone());
        if changed == user && requested.is_none() {
            return Ok(Change::of(user));
        }
        let changed = User { version: user.version.next(), updated_at: now, ..changed };
        Ok(match requested {
            Some(to) => email_change::request(&user, changed, to, claims.iter().flatten().next(), now),
            None => Change::of(changed.clone()).save(&changed, UserEvent::Changed { user_id: user.id }),
        })
    }
}

impl UpdateUser {
    fn check_own(&self, user: &User) -> Result<(), UpdateUserError> {
        let (role, status) = (self.changes.role.is_some(), self.changes.status.is_some());
        if role || status {
            Err(UpdateUserError::OwnRoleOrStatus { role, status })
        } else if user.status == UserStatus::Active {
            Ok(())
        } else {
            Err(UpdateUserError::Suspended)
        }
    }

    /// Checks the rights on another account. The right to suspend covers only the status of users: moderators
    /// cannot suspend each other.
    fn check_others(&self, user: &User) -> Result<(), AccessError> {
        let only_status =
            UserChanges { status: self.changes.status, ..UserChanges::default() } == self.changes;
        let suspends = self.rights.suspend && only_status && user.role == Role::User;
        let permission = if only_status && user.role == Role::User {
            Permission::UsersSuspend
        } else {
            Permission::UsersUpdate
        };
        require_permission(self.rights.update || suspends, permission)
    }
}

impl UserChanges {
    /// Applies the changes without a new version. A new address is pending. A suspension ends all sessions.
    fn applied_to(&self, user: User) -> User {
        let pending_email = match &self.email {
            Some(email) => Some(email.clone()).filter(|email| *email != user.email),
            None => user.pending_email,
        };
        let status = self.status.unwrap_or(user.status);
        let suspended = status == UserStatus::Suspended && user.status != status;
        User {
            pending_email,
            name: self.name.clone().unwrap_or(user.name),
            role: self.role.unwrap_or(user.role),
            status,
            notifications: self.notifications.applied_to(user.notifications),
            session_epoch: if suspended { user.session_epoch.next() } else { user.session_epoch },
            ..user
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{BUYER, STRANGER, actor, at, decide, refusal, third, user};
    use crate::domain::user::notifications::Notifications;
    use crate::kit::command::Version;

    const MODERATOR: UserAdminRights = UserAdminRights { read: true, suspend: true, update: false };
    const ADMIN: UserAdminRights = UserAdminRights { read: true, suspend: true, update: true };
    const NO_RIGHTS: UserAdminRights = UserAdminRights { read: false, suspend: false, update: false };

    fn with_role(role: Role) -> User {
        User { role, ..user() }
    }

    fn command(by: &str, rights: UserAdminRights, changes: UserChanges) -> UpdateUser {
        let (id, by, expected) = (user().id, actor(by), Some(third().into()));
        UpdateUser { id, by, rights, reauthentication: Some(user().session_epoch), expected, changes }
    }

    fn update(
        user: User,
        by: &str,
        rights: UserAdminRights,
        changes: UserChanges,
    ) -> Result<User, UpdateUserError> {
        let expected = Some(user.version.into());
        let command = UpdateUser { expected, ..command(by, rights, changes) };
        command.decide((Some(user), Vec::new()), at(7)).map(|change| change.into_parts().unwrap().0)
    }

    fn suspend() -> UserChanges {
        UserChanges { status: Some(UserStatus::Suspended), ..UserChanges::default() }
    }

    #[test]
    fn moderators_suspend_users_and_admins_suspend_anyone() {
        let suspended =
            |role, rights| update(with_role(role), STRANGER, rights, suspend()).map(|user| user.status);
        assert_eq!(suspended(Role::User, MODERATOR), Ok(UserStatus::Suspended));
        let missing = |permission| UpdateUserError::Access(AccessError::MissingPermission(permission));
        let forbidden = missing(Permission::UsersUpdate);
        assert_eq!(suspended(Role::Moderator, MODERATOR), Err(forbidden));
        assert_eq!(suspended(Role::Admin, MODERATOR), Err(forbidden));
        assert_eq!(suspended(Role::Admin, ADMIN), Ok(UserStatus::Suspended));
        assert_eq!(suspended(Role::User, NO_RIGHTS), Err(AccessError::not_found(user().id).into()));
        let reader = UserAdminRights { suspend: false, ..MODERATOR };
        assert_eq!(suspended(Role::User, reader), Err(missing(Permission::UsersSuspend)));
        let more = UserChanges { name: Some("Eve".parse().unwrap()), ..suspend() };
        assert_eq!(update(with_role(Role::User), STRANGER, MODERATOR, more), Err(forbidden));
    }

    #[test]
    fn suspension_ends_sessions_for_good() {
        let suspended = update(with_role(Role::User), STRANGER, ADMIN, suspend()).unwrap();
        assert_eq!(suspended.session_epoch, user().session_epoch.next());
        let reinstate = UserChanges { status: Some(UserStatus::Active), ..UserChanges::default() };
        let active = update(suspended.clone(), STRANGER, ADMIN, reinstate).unwrap();
        assert_eq!((active.status, active.session_epoch), (UserStatus::Active, suspended.session_epoch));
        let renamed = UserChanges { name: Some("Eve".parse().unwrap()), ..suspend() };
        let again = update(suspended.clone(), STRANGER, ADMIN, renamed).unwrap();
        assert_eq!(again.session_epoch, suspended.session_epoch, "the account was already suspended");
    }

    #[test]
    fn admin_changes_every_property() {
        let changes = UserChanges {
            email: Some("eve@example.org".parse().unwrap()),
            name: Some("Eve".parse().unwrap()),
            role: Some(Role::Moderator),
            status: Some(UserStatus::Suspended),
            notifications: NotificationChanges { sales: Some(false) },
        };
        let rights = UserAdminRights { suspend: false, ..ADMIN };
        let decided = decide(&command(STRANGER, rights, changes.clone()), (Some(user()), vec![None]), at(7));
        let expected = User {
            version: third().next(),
            pending_email: changes.email,
            name: changes.name.unwrap(),
            role: Role::Moderator,
            status: UserStatus::Suspended,
            notifications: Notifications { sales: false },
            session_epoch: user().session_epoch.next(),
            updated_at: at(7),
            ..user()
        };
        assert_eq!((decided.stored(), &decided.output), (expected.clone(), &expected));
        assert_eq!(decided.events(), [("user.email_change_requested", expected.version)]);
    }

    #[test]
    fn name_is_changed_in_one_write() {
        let rename = UserChanges { name: Some("Eve".parse().unwrap()), ..UserChanges::default() };
        let decided = decide(&command(BUYER, NO_RIGHTS, rename.clone()), (Some(user()), Vec::new()), at(7));
        let renamed =
            User { version: third().next(), name: "Eve".parse().unwrap(), updated_at: at(7), ..user() };
        assert_eq!(decided.stored::<User>(), renamed);
        assert_eq!(decided.events(), [("user.changed", renamed.version)]);
        assert_eq!(decided.writes.len(), 1);

        let command = command(BUYER, NO_RIGHTS, rename);
        decide(&UpdateUser { expected: None, ..command.clone() }, (Some(renamed), Vec::new()), at(8))
            .assert_unchanged();
        let outdated = UpdateUser { expected: Some(Version::FIRST.into()), ..command.clone() };
        let refused = |command: &UpdateUser, user| refusal(command, (user, Vec::new()), at(7));
        assert_eq!(refused(&outdated, Some(user())), AccessError::VersionMismatch(user().id.into()).into());
        assert_eq!(refused(&command, None), AccessError::not_found(user().id).into());
        let suspended = User { status: UserStatus::Suspended, ..user() };
        assert_eq!(refused(&command, Some(suspended)), UpdateUserError::Suspended);
    }

    #[test]
    fn accounts_cannot_change_their_own_role_or_status() {
        let changes = UserChanges { role: Some(Role::Admin), ..suspend() };
        for (changes, role, status) in [
            (UserChanges { status: None, ..changes.clone() }, true, false),
            (UserChanges { role: None, ..changes.clone() }, false, true),
            (changes, true, true),
        ] {
            let refused = update(with_role(Role::Admin), BUYER, ADMIN, changes);
            assert_eq!(refused, Err(UpdateUserError::OwnRoleOrStatus { role, status }));
        }
    }

    #[test]
    fn owner_changes_notifications_and_nothing_else() {
        let off = Notifications { sales: false };
        let notifications = NotificationChanges { sales: Some(false) };
        let changes = UserChanges { notifications, ..UserChanges::default() };
        let updated = update(with_role(Role::User), BUYER, NO_RIGHTS, changes).unwrap();
        let expected = User { version: third().next(), notifications: off, updated_at: at(7), ..user() };
        assert_eq!(updated, expected);
    }
}

//! Updating an account.

use super::{EmailClaim, Role, User, UserEvent, UserId, UserStatus};
use crate::domain::access::{AccessError, forbid_unless, require_version};
use crate::domain::values::actor::Actor;
use crate::domain::values::email::Email;
use crate::domain::values::text::Name;
use crate::kit::command::{Change, Command, ReadSet, Version};
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
    /// Expected version; `None` accepts any version.
    pub expected: Option<Version>,
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
    /// New e-mail address.
    pub email: Option<Email>,
    /// New name.
    pub name: Option<Name>,
    /// New role.
    pub role: Option<Role>,
    /// New status.
    pub status: Option<UserStatus>,
}

/// Rule for changes to other accounts.
const PERMISSION_MISSING: &str = "the permission to make this change to another account is missing";

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
    /// The address belongs to another account.
    #[error("an account with this e-mail address already exists")]
    EmailTaken,
}

impl Command for UpdateUser {
    type State = Option<User>;
    type Output = User;
    type Error = UpdateUserError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`UpdateUserError`]. [`UpdateUserError::EmailTaken`] results from the claim on the address and is
    /// exact under concurrency.
    fn decide(
        &self,
        user: Self::State,
        now: Timestamp,
    ) -> Result<Change<User, UpdateUserError>, UpdateUserError> {
        let own = self.id == self.by.user;
        let user = user.filter(|_| own || self.rights.read).ok_or(AccessError::NotFound)?;
        if own {
            self.check_own(&user)?;
        } else {
            self.check_others(&user)?;
        }
        require_version(user.version, self.expected)?;
        let changed = self.changes.applied_to(user.clone());
        if changed == user {
            return Ok(Change::of(user));
        }
        let changed = User { version: user.version.next(), updated_at: now, ..changed };
        Ok(save_over(&user, changed))
    }
}

/// Saves the change from `user` to `changed`. A new address is claimed and the old claim is removed.
fn save_over(user: &User, changed: User) -> Change<User, UpdateUserError> {
    let change = Change::of(changed.clone());
    if changed.email == user.email {
        return change.save(&changed, UserEvent::Changed { user_id: user.id });
    }
    let claim = EmailClaim { user_id: user.id };
    change
        .save(&changed, UserEvent::EmailChanged { user_id: user.id })
        .claim(&changed.email, &claim, UpdateUserError::EmailTaken)
        .remove::<EmailClaim>(&user.email)
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
        forbid_unless(self.rights.update || suspends, PERMISSION_MISSING)
    }
}

impl UserChanges {
    /// Applies the changes without a new version. A new address is unverified. A suspension ends all
    /// sessions.
    fn applied_to(&self, user: User) -> User {
        let email = self.email.clone().unwrap_or_else(|| user.email.clone());
        let status = self.status.unwrap_or(user.status);
        let suspended = status == UserStatus::Suspended && user.status != status;
        User {
            email_verified: user.email_verified && email == user.email,
            email,
            name: self.name.clone().unwrap_or(user.name),
            role: self.role.unwrap_or(user.role),
            status,
            session_epoch: if suspended { user.session_epoch.next() } else { user.session_epoch },
            ..user
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::user::SessionEpoch;

    const ADA: &str = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS";
    const GRACE: &str = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRT";
    const MODERATOR: UserAdminRights = UserAdminRights { read: true, suspend: true, update: false };
    const ADMIN: UserAdminRights = UserAdminRights { read: true, suspend: true, update: true };

    fn ada(role: Role) -> User {
        let now = Timestamp::from_millis(0);
        User {
            id: ADA.parse().unwrap(),
            version: Version::FIRST,
            email: "ada@example.com".parse().unwrap(),
            email_verified: true,
            name: "Ada".parse().unwrap(),
            role,
            status: UserStatus::Active,
            session_epoch: SessionEpoch::default(),
            created_at: now,
            updated_at: now,
        }
    }

    fn update(
        user: User,
        by: &str,
        rights: UserAdminRights,
        changes: UserChanges,
    ) -> Result<User, UpdateUserError> {
        let by = Actor { user: by.parse().unwrap(), role: Role::User };
        let command = UpdateUser { id: user.id, by, rights, expected: None, changes };
        command.decide(Some(user), Timestamp::from_millis(7)).map(|change| change.into_parts().unwrap().0)
    }

    fn suspend() -> UserChanges {
        UserChanges { status: Some(UserStatus::Suspended), ..UserChanges::default() }
    }

    #[test]
    fn moderators_suspend_users_and_admins_suspend_anyone() {
        let suspended = |role, powers| update(ada(role), GRACE, powers, suspend()).map(|user| user.status);
        assert_eq!(suspended(Role::User, MODERATOR), Ok(UserStatus::Suspended));
        let forbidden = UpdateUserError::Access(AccessError::Forbidden(PERMISSION_MISSING));
        assert_eq!(suspended(Role::Moderator, MODERATOR), Err(forbidden));
        assert_eq!(suspended(Role::Admin, MODERATOR), Err(forbidden));
        assert_eq!(suspended(Role::Admin, ADMIN), Ok(UserStatus::Suspended));
        assert_eq!(suspended(Role::User, UserAdminRights::default()), Err(AccessError::NotFound.into()));
        let more = UserChanges { name: Some("Eve".parse().unwrap()), ..suspend() };
        assert_eq!(update(ada(Role::User), GRACE, MODERATOR, more), Err(forbidden));
    }

    #[test]
    fn suspension_ends_sessions_for_good() {
        let suspended = update(ada(Role::User), GRACE, ADMIN, suspend()).unwrap();
        assert_eq!(suspended.session_epoch, SessionEpoch::default().next());
        let reinstate = UserChanges { status: Some(UserStatus::Active), ..UserChanges::default() };
        let active = update(suspended.clone(), GRACE, ADMIN, reinstate).unwrap();
        assert_eq!((active.status, active.session_epoch), (UserStatus::Active, suspended.session_epoch));
    }

    #[test]
    fn accounts_cannot_change_their_own_role_or_status() {
        let changes = UserChanges { role: Some(Role::Admin), ..suspend() };
        let refused = update(ada(Role::Admin), ADA, ADMIN, changes);
        assert_eq!(refused, Err(UpdateUserError::OwnRoleOrStatus { role: true, status: true }));
    }

    #[test]
    fn new_address_is_unverified_and_same_address_stays_verified() {
        let to = |email: &str| UserChanges { email: Some(email.parse().unwrap()), ..UserChanges::default() };
        let changed =
            update(ada(Role::User), ADA, UserAdminRights::default(), to("ada@example.org")).unwrap();
        assert!(!changed.email_verified);
        let same = update(ada(Role::User), ADA, UserAdminRights::default(), to("ADA@example.com")).unwrap();
        assert_eq!(same, ada(Role::User), "no new version without a change");
    }
}

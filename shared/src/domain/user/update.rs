//! Changing an account.

use super::{EmailClaim, Role, User, UserEvent, UserId, UserStatus};
use crate::domain::values::actor::Actor;
use crate::domain::values::email::Email;
use crate::domain::values::text::Name;
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Changes an account, at the version that the actor has seen.
#[derive(Debug, Clone)]
pub struct UpdateUser {
    /// Which account.
    pub id: UserId,
    /// Who changes it.
    pub by: Actor,
    /// What the actor may do to the accounts of others.
    pub powers: UserAdminRights,
    /// The version that must be there; any, if `None`.
    pub expected: Option<Version>,
    /// What changes.
    pub changes: UserChanges,
}

/// What somebody may do to the accounts of others, at this moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UserAdminRights {
    /// See them.
    pub read: bool,
    /// Suspend users, and reinstate them.
    pub suspend: bool,
    /// Change everything about them.
    pub update: bool,
}

/// What changes about an account; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserChanges {
    /// Its address.
    pub email: Option<Email>,
    /// What the person is called.
    pub name: Option<Name>,
    /// What it may do.
    pub role: Option<Role>,
    /// Whether it may do anything.
    pub status: Option<UserStatus>,
}

/// Why an account cannot be changed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UpdateUserError {
    /// There is no such account, or it is none of the actor's business.
    #[error("there is no such account")]
    NotFound,
    /// Nobody decides on their own role and status.
    #[error("cannot be changed by the account itself")]
    OwnRoleOrStatus {
        /// The role was to change.
        role: bool,
        /// The status was to change.
        status: bool,
    },
    /// The actor may see the account, but not change this about it.
    #[error("this needs a permission that you do not hold")]
    NotPermitted,
    /// The account itself is suspended.
    #[error("the account is suspended")]
    Suspended,
    /// It is not at the version that the actor has seen.
    #[error("the account has changed")]
    VersionMismatch,
    /// The address belongs to another account.
    #[error("an account with this e-mail address exists")]
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
    /// [`UpdateUserError`]; [`UpdateUserError::EmailTaken`] comes from the claim on the address, exact however many
    /// want it at once.
    fn decide(
        &self,
        user: Self::State,
        now: Timestamp,
    ) -> Result<Change<User, UpdateUserError>, UpdateUserError> {
        let own = self.id == self.by.user;
        let user = user.filter(|_| own || self.powers.read).ok_or(UpdateUserError::NotFound)?;
        if own {
            self.check_own(&user)?;
        } else {
            self.check_others(&user)?;
        }
        if !user.version.matches(self.expected) {
            return Err(UpdateUserError::VersionMismatch);
        }
        let changed = self.changes.applied_to(user.clone());
        if changed == user {
            return Ok(Change::of(user));
        }
        let changed = User { version: user.version.next(), updated_at: now, ..changed };
        Ok(save_over(&user, changed))
    }
}

/// The change from `user` to `changed`. With another address, the claim on it is taken and the old one given back.
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

    /// Who may suspend changes the status of users and nothing else: moderators do not decide on each other.
    fn check_others(&self, user: &User) -> Result<(), UpdateUserError> {
        let only_status =
            UserChanges { status: self.changes.status, ..UserChanges::default() } == self.changes;
        let suspends = self.powers.suspend && only_status && user.role == Role::User;
        if self.powers.update || suspends { Ok(()) } else { Err(UpdateUserError::NotPermitted) }
    }
}

impl UserChanges {
    /// The account with the changes, at its present version. A new address is not verified; a suspension ends all
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
    use crate::domain::session::SessionEpoch;

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
        powers: UserAdminRights,
        changes: UserChanges,
    ) -> Result<User, UpdateUserError> {
        let by = Actor { user: by.parse().unwrap(), role: Role::User };
        let command = UpdateUser { id: user.id, by, powers, expected: None, changes };
        command.decide(Some(user), Timestamp::from_millis(7)).map(|change| change.into_parts().unwrap().0)
    }

    fn suspend() -> UserChanges {
        UserChanges { status: Some(UserStatus::Suspended), ..UserChanges::default() }
    }

    #[test]
    fn moderators_suspend_users_and_admins_whomever_they_like() {
        let suspended = |role, powers| update(ada(role), GRACE, powers, suspend()).map(|user| user.status);
        assert_eq!(suspended(Role::User, MODERATOR), Ok(UserStatus::Suspended));
        assert_eq!(suspended(Role::Moderator, MODERATOR), Err(UpdateUserError::NotPermitted));
        assert_eq!(suspended(Role::Admin, MODERATOR), Err(UpdateUserError::NotPermitted));
        assert_eq!(suspended(Role::Admin, ADMIN), Ok(UserStatus::Suspended));
        assert_eq!(suspended(Role::User, UserAdminRights::default()), Err(UpdateUserError::NotFound));
        let more = UserChanges { name: Some("Eve".parse().unwrap()), ..suspend() };
        assert_eq!(update(ada(Role::User), GRACE, MODERATOR, more), Err(UpdateUserError::NotPermitted));
    }

    #[test]
    fn a_suspension_ends_the_sessions_and_a_reinstatement_does_not_bring_them_back() {
        let suspended = update(ada(Role::User), GRACE, ADMIN, suspend()).unwrap();
        assert_eq!(suspended.session_epoch, SessionEpoch::default().next());
        let reinstate = UserChanges { status: Some(UserStatus::Active), ..UserChanges::default() };
        let active = update(suspended.clone(), GRACE, ADMIN, reinstate).unwrap();
        assert_eq!((active.status, active.session_epoch), (UserStatus::Active, suspended.session_epoch));
    }

    #[test]
    fn nobody_decides_on_their_own_role_and_status() {
        let changes = UserChanges { role: Some(Role::Admin), ..suspend() };
        let refused = update(ada(Role::Admin), ADA, ADMIN, changes);
        assert_eq!(refused, Err(UpdateUserError::OwnRoleOrStatus { role: true, status: true }));
    }

    #[test]
    fn another_address_is_not_verified_and_the_same_one_stays_so() {
        let to = |email: &str| UserChanges { email: Some(email.parse().unwrap()), ..UserChanges::default() };
        let moved = update(ada(Role::User), ADA, UserAdminRights::default(), to("ada@example.org")).unwrap();
        assert!(!moved.email_verified);
        let same = update(ada(Role::User), ADA, UserAdminRights::default(), to("ADA@example.com")).unwrap();
        assert_eq!(same, ada(Role::User), "what changes nothing is no new version");
    }
}

//! Creating an account for another person, who chooses the password.

use super::register::{RegisterError, new_user};
use super::{Credentials, EmailClaim, Role, User, UserEvent, UserId};
use crate::domain::values::email::Email;
use crate::domain::values::text::Name;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Creates an account without a password and invites its owner by e-mail. The account cannot log in until
/// its owner has set a password with the token of the invitation, or of a password reset.
#[derive(Debug, Clone)]
pub struct InviteUser {
    /// Id of the new account.
    pub id: UserId,
    /// E-mail address.
    pub email: Email,
    /// Name of the user.
    pub name: Name,
    /// Role of the account.
    pub role: Role,
}

impl Command for InviteUser {
    type State = ();
    type Output = User;
    type Error = RegisterError;

    fn reads(&self) -> ReadSet<()> {
        ReadSet::empty()
    }

    /// # Errors
    /// [`RegisterError::EmailTaken`], from the claim on the address; exact under concurrency.
    fn decide(&self, (): (), now: Timestamp) -> Result<Change<User, RegisterError>, RegisterError> {
        let user = new_user(self.id, self.email.clone(), self.name.clone(), self.role, now);
        let claim = EmailClaim { user_id: user.id };
        Ok(Change::of(user.clone())
            .save(&user, UserEvent::Invited { user_id: user.id })
            .claim(&user.email, &claim, RegisterError::EmailTaken)
            .overwrite(&user.id, &Credentials::without_password()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{at, decide, user};
    use crate::domain::user::SessionEpoch;
    use crate::kit::command::{Condition, Version};

    #[test]
    fn invited_account_has_its_address_and_no_password() {
        let User { id, email, name, .. } = user();
        let invited = decide(&InviteUser { id, email, name, role: Role::Moderator }, (), at(7));
        let expected = User {
            version: Version::FIRST,
            email_verified: false,
            role: Role::Moderator,
            session_epoch: SessionEpoch::default(),
            created_at: at(7),
            updated_at: at(7),
            ..user()
        };
        assert_eq!((invited.stored(), &invited.output), (expected.clone(), &expected));
        assert_eq!(invited.events(), [("user.invited", Version::FIRST)]);
        assert_eq!(invited.stored::<EmailClaim>(), EmailClaim { user_id: id });
        let claim = invited.write::<EmailClaim>(&expected.email);
        assert_eq!((&claim.condition, claim.refusal), (&Condition::Absent, Some(RegisterError::EmailTaken)));
        assert_eq!(invited.stored::<Credentials>().password_hash(), None);
    }
}

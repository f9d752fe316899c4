//! Setting a new password with a reset token.

use crate::domain::session::known_network::{self, KnownNetworkKey};
use crate::domain::user::{Credentials, User, UserEvent, UserId};
use crate::domain::values::email::Email;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Sets a new password with a token that was sent to the account's address while `replacing` was its
/// password. Ends all sessions and cancels a pending change of the address, so that access with the old
/// password is lost.
#[derive(Clone)]
pub struct ResetPassword {
    /// Id of the account.
    pub id: UserId,
    /// E-mail address to which the token was sent.
    pub email: Email,
    /// Credentials for which the token was issued.
    pub replacing: Credentials,
    /// New credentials.
    pub credentials: Credentials,
    /// Client network of the request, which becomes known: failed logins from elsewhere do not lock it out.
    pub network: KnownNetworkKey,
}

/// Reason why the password cannot be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResetPasswordError {
    /// The account does not exist, or its password or address has changed since the token was issued.
    #[error("the token is not valid")]
    TokenOutdated,
}

impl Command for ResetPassword {
    type State = Option<User>;
    type Output = ();
    type Error = ResetPasswordError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`ResetPasswordError::TokenOutdated`], which also results from the condition on the old password hash: of two
    /// concurrent requests with one token, one succeeds.
    fn decide(
        &self,
        user: Self::State,
        now: Timestamp,
    ) -> Result<Change<(), ResetPasswordError>, ResetPasswordError> {
        let user = user.filter(|user| user.email == self.email).ok_or(ResetPasswordError::TokenOutdated)?;
        let changed = User {
            version: user.version.next(),
            // The token was received at this address.
            email_verified: true,
            pending_email: None,
            session_epoch: user.session_epoch.next(),
            updated_at: now,
            ..user
        };
        let change = Change::of(()).save(&changed, UserEvent::Changed { user_id: changed.id }).replace(
            &changed.id,
            &self.credentials,
            Credentials::PASSWORD_HASH,
            &self.replacing.password_hash,
            ResetPasswordError::TokenOutdated,
        );
        Ok(known_network::record(change, &self.network, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::session::known_network::{KnownNetwork, NetworkDigest};
    use crate::domain::tests::{at, decide, refusal, third, user};
    use crate::kit::command::Condition;

    fn reset() -> ResetPassword {
        let [replacing, credentials] =
            ["old", "new"].map(|hash| Credentials { password_hash: hash.to_owned() });
        let network = KnownNetworkKey { user_id: user().id, network: NetworkDigest("home".to_owned()) };
        ResetPassword { id: user().id, email: user().email, replacing, credentials, network }
    }

    #[test]
    fn reset_replaces_the_password_and_ends_all_sessions() {
        let pending_email = Some("mallory@example.org".parse().unwrap());
        let before = User { email_verified: false, pending_email, ..user() };
        let reset = decide(&reset(), Some(before), at(7));
        let expected = User {
            version: third().next(),
            email_verified: true,
            session_epoch: user().session_epoch.next(),
            updated_at: at(7),
            ..user()
        };
        assert_eq!(reset.stored::<User>(), expected);
        assert_eq!(reset.events(), [("user.changed", expected.version)]);
        assert_eq!(reset.stored::<Credentials>().password_hash, "new");
        let password = reset.write::<Credentials>(&user().id);
        assert_eq!(password.condition, Condition::Is("passwordHash", "old".to_owned()));
        assert_eq!(password.refusal, Some(ResetPasswordError::TokenOutdated));
        assert!(reset.stored::<KnownNetwork>().is_live(at(7)));
    }

    #[test]
    fn token_for_another_address_is_outdated() {
        let moved = User { email: "ada@example.org".parse().unwrap(), ..user() };
        for state in [None, Some(moved)] {
            assert_eq!(refusal(&reset(), state, at(7)), ResetPasswordError::TokenOutdated);
        }
    }
}

//! Login sessions, continued by single-use refresh tokens.

pub mod end;
pub mod known_network;
pub mod rotate;
pub mod start;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::user::{SessionEpoch, UserId};
use crate::domain::values::id::{Id, Identified};
use crate::kit::command::Version;
use crate::kit::system::clock::Timestamp;

/// Lifetime of a session without a refresh.
pub const SESSION_LIFETIME: Duration = Duration::from_hours(24 * 30);

/// Time for which a used refresh token still returns its successor, in case the response was lost.
pub const ROTATION_GRACE: Duration = Duration::from_secs(10);

/// Id of a [`Session`].
pub type SessionId = Id<Session>;

/// Login session of an account, with its family of refresh tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Account and id of the session.
    pub id: SessionKey,
    /// Version for optimistic locking.
    pub version: Version,
    /// Session epoch of the account when the session was started.
    #[serde(default)]
    pub epoch: SessionEpoch,
    /// Hash of the currently valid refresh token.
    pub current: TokenHash,
    /// Hash of the previously used refresh token.
    pub previous: Option<TokenHash>,
    /// Time at which the previous token was used.
    pub rotated_at: Timestamp,
    /// Reason for ending the session early, if it was ended.
    pub ended: Option<SessionEnd>,
    /// Expiry time.
    pub expires_at: Timestamp,
}

/// Key of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionKey {
    /// Id of the account.
    pub user_id: UserId,
    /// Id of the session.
    pub session_id: SessionId,
}

impl std::fmt::Display for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.session_id.fmt(f)
    }
}

/// SHA-256 hash of a refresh token, in base64url. The token itself is not stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenHash(pub String);

/// Reason for ending a session before its expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionEnd {
    /// The user logged out.
    LoggedOut,
    /// A used refresh token was presented again and may have been stolen.
    TokenReused,
}

impl Identified for Session {
    const PREFIX: &'static str = "ses";
    const NOUN: &'static str = "session";
}

impl Session {
    /// Returns true if the session is neither ended nor expired.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended.is_none() && now < self.expires_at
    }

    /// Ends the session.
    #[must_use]
    pub fn end(self, reason: SessionEnd) -> Self {
        Self { version: self.version.next(), ended: Some(reason), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::end::EndSession;
    use super::known_network::{KnownNetwork, KnownNetworkKey, NetworkDigest};
    use super::rotate::{RotateError, RotateSession, Rotation};
    use super::start::StartSession;
    use super::*;
    use crate::domain::tests::{Decided, at, decide, refusal, third, user};
    use crate::domain::user::{User, UserStatus};

    const DAY: i64 = 24 * 60 * 60 * 1_000;

    fn hash(token: &str) -> TokenHash {
        TokenHash(token.to_owned())
    }

    fn key() -> SessionKey {
        SessionKey { user_id: user().id, session_id: "ses_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap() }
    }

    /// Session whose second token is current since the time zero.
    fn session() -> Session {
        Session {
            id: key(),
            version: third(),
            epoch: user().session_epoch,
            current: hash("second"),
            previous: Some(hash("first")),
            rotated_at: at(0),
            ended: None,
            expires_at: at(30 * DAY),
        }
    }

    fn rotate(presented: &str) -> RotateSession {
        RotateSession { id: key(), presented: hash(presented), successor: hash("third") }
    }

    fn rotated(presented: &str, millis: i64) -> Decided<RotateSession> {
        decide(&rotate(presented), (Some(session()), Some(user())), at(millis))
    }

    #[test]
    fn started_session_lasts_30_days() {
        let network = KnownNetworkKey { user_id: user().id, network: NetworkDigest("home".to_owned()) };
        let (epoch, token) = (user().session_epoch, hash("second"));
        let start = StartSession { id: key(), epoch, token, network: Some(network) };
        let started = decide(&start, (), at(0));
        let expected = Session { version: Version::FIRST, previous: None, ..session() };
        assert_eq!(started.stored::<Session>(), expected);
        assert!(started.stored::<KnownNetwork>().is_live(at(30 * DAY)));
        let again = decide(&StartSession { network: None, ..start }, (), at(0));
        assert_eq!((again.stored::<Session>(), again.writes.len()), (expected, 1));
        assert_eq!(key().to_string(), "ses_01J8Z3K5V0ABCDEFGHJKMNPQRS");
    }

    #[test]
    fn current_token_is_replaced_by_its_successor() {
        let next = rotated("second", 30 * DAY - 1);
        assert_eq!(next.output, Rotation::Rotated(Box::new(user())));
        let expected = Session {
            version: third().next(),
            current: hash("third"),
            previous: Some(hash("second")),
            rotated_at: at(30 * DAY - 1),
            expires_at: at(60 * DAY - 1),
            ..session()
        };
        assert_eq!(next.stored::<Session>(), expected);
    }

    #[test]
    fn previous_token_is_valid_for_ten_seconds() {
        for millis in [0, 10_000] {
            let repeated = rotated("first", millis);
            assert_eq!(repeated.output, Rotation::Rotated(Box::new(user())));
            repeated.assert_unchanged();
        }
    }

    #[test]
    fn reused_or_forged_token_ends_the_session() {
        let ended = Session { version: third().next(), ended: Some(SessionEnd::TokenReused), ..session() };
        for (presented, millis) in [("first", 10_001), ("forged", 0)] {
            let reused = rotated(presented, millis);
            assert_eq!((reused.stored(), reused.output), (ended.clone(), Rotation::Reused));
        }
        let refused = refusal(&rotate("second"), (Some(ended), Some(user())), at(0));
        assert_eq!(refused, RotateError::Ended);
    }

    #[test]
    fn only_live_sessions_of_active_accounts_are_continued() {
        let refused =
            |user: Option<User>, millis| refusal(&rotate("second"), (Some(session()), user), at(millis));
        assert_eq!(refused(Some(user()), 30 * DAY), RotateError::Ended);
        assert_eq!(refused(None, 0), RotateError::Ended);
        let suspended = User { status: UserStatus::Suspended, ..user() };
        assert_eq!(refused(Some(suspended), 0), RotateError::Ended);
        let later_epoch = User { session_epoch: user().session_epoch.next(), ..user() };
        assert_eq!(refused(Some(later_epoch), 0), RotateError::Ended);
        assert_eq!(refusal(&rotate("second"), (None, Some(user())), at(0)), RotateError::Unknown);
    }

    #[test]
    fn logout_ends_a_session_once() {
        let end = EndSession { id: key() };
        let ended = decide(&end, Some(session()), at(0)).stored::<Session>();
        let expected = Session { version: third().next(), ended: Some(SessionEnd::LoggedOut), ..session() };
        assert_eq!(ended, expected);
        decide(&end, Some(ended), at(1)).assert_unchanged();
        decide(&end, None, at(1)).assert_unchanged();
    }
}

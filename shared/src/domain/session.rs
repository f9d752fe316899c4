//! Sessions: one login, kept alive by refresh tokens that are each used once.

pub mod end;
pub mod rotate;
pub mod start;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::user::UserId;
use crate::domain::values::id::{Id, Identified};
use crate::kit::command::Version;
use crate::kit::system::clock::Timestamp;

/// How long a session lasts without being refreshed.
pub const SESSION_LIFETIME: Duration = Duration::from_hours(24 * 30);

/// How long a spent refresh token still gets the successor that it got before, for a caller whose answer was lost.
pub const ROTATION_GRACE: Duration = Duration::from_secs(10);

/// The id of a [`Session`].
pub type SessionId = Id<Session>;

/// One login of one account: the family of refresh tokens that follow from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Whose and which.
    pub id: SessionKey,
    /// Counts its changes.
    pub version: Version,
    /// The account's count when it was started.
    #[serde(default)]
    pub epoch: SessionEpoch,
    /// The token that may be used next.
    pub current: TokenHash,
    /// The token that was used last.
    pub previous: Option<TokenHash>,
    /// When it was used.
    pub rotated_at: Timestamp,
    /// Why no token of the family may be used any more.
    pub ended: Option<SessionEnd>,
    /// When it lapses.
    pub expires_at: Timestamp,
}

/// What finds a session: its account and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionKey {
    /// Whose it is.
    pub user_id: UserId,
    /// Which it is.
    pub session_id: SessionId,
}

impl std::fmt::Display for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.session_id.fmt(f)
    }
}

/// Counts how often all sessions of an account were ended at once.
///
/// A session is good under the count that it was started under, so one write to the account ends all of them, whatever
/// the clocks of those who started them showed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionEpoch(u64);

impl SessionEpoch {
    /// The count after all sessions were ended once more.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// The SHA-256 of a refresh token, in base64url: what is stored of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenHash(pub String);

/// Why a session ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionEnd {
    /// The person logged out.
    LoggedOut,
    /// A spent token was used again: it may have been stolen.
    TokenReused,
}

impl Identified for Session {
    const PREFIX: &'static str = "ses";
}

impl Session {
    /// Whether tokens of the family may be used at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended.is_none() && now < self.expires_at
    }

    /// The session, over.
    #[must_use]
    pub fn end(self, why: SessionEnd) -> Self {
        Self { version: self.version.next(), ended: Some(why), ..self }
    }
}

//! Login sessions, continued by single-use refresh tokens.

pub mod end;
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

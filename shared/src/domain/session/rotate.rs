//! Exchanging a refresh token for its successor.

use serde::{Deserialize, Serialize};

use super::{ROTATION_GRACE, SESSION_LIFETIME, Session, SessionEnd, SessionKey, TokenHash};
use crate::domain::user::{User, UserStatus};
use crate::kit::command::{Change, Command, NoEvents, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Exchanges the refresh token `presented` for `successor`. Repeating the command returns the same successor.
#[derive(Debug, Clone)]
pub struct RotateSession {
    /// Account and id of the session.
    pub id: SessionKey,
    /// Hash of the presented token.
    pub presented: TokenHash,
    /// Hash of the new token.
    pub successor: TokenHash,
}

/// Result of presenting a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rotation {
    /// The successor is valid. Contains the current account.
    Rotated(Box<User>),
    /// The token was already used, so the session is ended.
    Reused,
}

/// Reason why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RotateError {
    /// The session does not exist.
    #[error("the refresh token is not valid")]
    Unknown,
    /// The session has ended or expired, or the account is suspended or deleted.
    #[error("the session has ended; log in again")]
    Ended,
}

impl Command for RotateSession {
    type State = (Option<Session>, Option<User>);
    type Output = Rotation;
    type Error = RotateError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id).and(ReadSet::get(&self.id.user_id))
    }

    /// # Errors
    /// [`RotateError::Unknown`] or [`RotateError::Ended`].
    fn decide(
        &self,
        (session, user): Self::State,
        now: Timestamp,
    ) -> Result<Change<Rotation, RotateError>, RotateError> {
        let session = session.ok_or(RotateError::Unknown)?;
        let user =
            user.filter(|user| user.status == UserStatus::Active && user.session_epoch == session.epoch);
        let user = user.filter(|_| session.is_live(now)).ok_or(RotateError::Ended)?;
        let rotated = Rotation::Rotated(Box::new(user));
        if session.current == self.presented {
            Ok(Change::of(rotated).save(&self.successor_of(session, now), NoEvents))
        } else if session.previous.as_ref() == Some(&self.presented)
            && now.duration_since(session.rotated_at) <= ROTATION_GRACE
        {
            Ok(Change::of(rotated))
        } else {
            Ok(Change::of(Rotation::Reused).save(&session.end(SessionEnd::TokenReused), NoEvents))
        }
    }
}

impl RotateSession {
    fn successor_of(&self, session: Session, now: Timestamp) -> Session {
        Session {
            version: session.version.next(),
            current: self.successor.clone(),
            previous: Some(self.presented.clone()),
            rotated_at: now,
            expires_at: now.saturating_add(SESSION_LIFETIME),
            ..session
        }
    }
}

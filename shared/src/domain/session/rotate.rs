//! Using a refresh token: it is spent, and its successor takes its place.

use serde::{Deserialize, Serialize};

use super::{ROTATION_GRACE, SESSION_LIFETIME, Session, SessionEnd, SessionKey, TokenHash};
use crate::domain::user::{User, UserStatus};
use crate::kit::command::{Change, Command, NoEvents, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Spends the token `presented`. Its successor is the same however often this is asked.
#[derive(Debug, Clone)]
pub struct RotateSession {
    /// Whose and which session.
    pub id: SessionKey,
    /// The token that is used.
    pub presented: TokenHash,
    /// The token that follows it.
    pub successor: TokenHash,
}

/// How the use of a token ends when it ends with a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rotation {
    /// The successor is valid, for this account as it is now.
    Rotated(Box<User>),
    /// The token had been spent: the whole family is ended.
    Reused,
}

/// Why a token cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RotateError {
    /// No session knows it.
    #[error("the refresh token is not known")]
    Unknown,
    /// Its session was ended or has lapsed, or the account is suspended or gone.
    #[error("the session has ended")]
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

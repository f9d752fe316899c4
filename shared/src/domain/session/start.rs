//! Starting a session, at login.

use super::{SESSION_LIFETIME, Session, SessionEpoch, SessionKey, TokenHash};
use crate::kit::command::{Change, Command, NoEvents, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Starts a session whose first refresh token is `token`.
#[derive(Debug, Clone)]
pub struct StartSession {
    /// Whose, and which it is to be.
    pub id: SessionKey,
    /// The account's count, as it was when its holder was recognised.
    pub epoch: SessionEpoch,
    /// Its first token.
    pub token: TokenHash,
}

/// A session can always be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StartSessionError {}

impl Command for StartSession {
    type State = ();
    type Output = ();
    type Error = StartSessionError;

    fn reads(&self) -> ReadSet<()> {
        ReadSet::empty()
    }

    fn decide(&self, (): (), now: Timestamp) -> Result<Change<(), StartSessionError>, StartSessionError> {
        let session = Session {
            id: self.id,
            version: Version::FIRST,
            epoch: self.epoch,
            current: self.token.clone(),
            previous: None,
            rotated_at: now,
            ended: None,
            expires_at: now.saturating_add(SESSION_LIFETIME),
        };
        Ok(Change::of(()).save(&session, NoEvents))
    }
}

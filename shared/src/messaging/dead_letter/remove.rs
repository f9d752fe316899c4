//! Removing the message of a dead letter.

use super::{DeadLetter, DeadLetterEvent, DeadLetterId};
use crate::domain::user::UserId;
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Removes the message of a dead letter. Who did so is kept.
#[derive(Debug, Clone, Copy)]
pub struct RemoveDeadLetter {
    /// Which letter.
    pub id: DeadLetterId,
    /// The version that must be there; any, if `None`.
    pub expected: Option<Version>,
    /// On whose behalf.
    pub by: UserId,
}

/// Why a letter cannot be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RemoveError {
    /// There is no such letter.
    #[error("there is no such dead letter")]
    NotFound,
    /// It is not at the version that the actor has seen.
    #[error("the dead letter has changed")]
    VersionMismatch,
}

impl Command for RemoveDeadLetter {
    type State = Option<DeadLetter>;
    type Output = ();
    type Error = RemoveError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`RemoveError`].
    fn decide(&self, letter: Self::State, now: Timestamp) -> Result<Change<(), RemoveError>, RemoveError> {
        let letter = letter.and_then(DeadLetter::not_removed).ok_or(RemoveError::NotFound)?;
        if !letter.version.matches(self.expected) {
            return Err(RemoveError::VersionMismatch);
        }
        let removed = letter.removed(self.by, now);
        Ok(Change::of(()).save(&removed, DeadLetterEvent::Removed))
    }
}

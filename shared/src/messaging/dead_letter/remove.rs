//! Removing the message of a dead letter.

use super::{DeadLetter, DeadLetterEvent, DeadLetterId};
use crate::domain::user::UserId;
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Removes the message of a dead letter and records who removed it.
#[derive(Debug, Clone, Copy)]
pub struct RemoveDeadLetter {
    /// Id of the dead letter.
    pub id: DeadLetterId,
    /// Expected version; `None` accepts any version.
    pub expected: Option<Version>,
    /// User who removes the message.
    pub by: UserId,
}

/// Reason why a dead letter cannot be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RemoveError {
    /// The dead letter does not exist or its message is already removed.
    #[error("dead letter not found")]
    NotFound,
    /// The dead letter is not at the expected version.
    #[error("the dead letter was changed meanwhile")]
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
    fn decide(
        &self,
        dead_letter: Self::State,
        now: Timestamp,
    ) -> Result<Change<(), RemoveError>, RemoveError> {
        let dead_letter = dead_letter.and_then(DeadLetter::not_removed).ok_or(RemoveError::NotFound)?;
        if !dead_letter.version.matches(self.expected) {
            return Err(RemoveError::VersionMismatch);
        }
        let removed = dead_letter.removed(self.by, now);
        Ok(Change::of(()).save(&removed, DeadLetterEvent::Removed))
    }
}

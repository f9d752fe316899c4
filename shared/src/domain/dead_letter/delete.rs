//! Removing a dead letter.

use super::{DeadLetter, DeadLetterEvent, DeadLetterId};
use crate::clock::Timestamp;
use crate::command::{Change, Command, Reads, Version};

/// Removes a dead letter, and its message with it.
#[derive(Debug, Clone, Copy)]
pub struct DeleteDeadLetter {
    /// Which letter.
    pub id: DeadLetterId,
    /// The version that must be there; any, if `None`.
    pub expected: Option<Version>,
}

/// Why a letter cannot be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeleteDeadLetterError {
    /// There is no such letter.
    #[error("there is no such dead letter")]
    NotFound,
    /// It is not at the version that the actor has seen.
    #[error("the dead letter has changed")]
    VersionMismatch,
}

impl Command for DeleteDeadLetter {
    type State = Option<DeadLetter>;
    type Output = ();
    type Error = DeleteDeadLetterError;

    fn reads(&self) -> Reads<Self::State> {
        Reads::one(&self.id)
    }

    /// # Errors
    /// [`DeleteDeadLetterError`].
    fn decide(
        &self,
        letter: Self::State,
        now: Timestamp,
    ) -> Result<Change<(), DeleteDeadLetterError>, DeleteDeadLetterError> {
        let letter = letter.ok_or(DeleteDeadLetterError::NotFound)?;
        if !letter.version.meets(self.expected) {
            return Err(DeleteDeadLetterError::VersionMismatch);
        }
        let last = DeadLetter { version: letter.version.next(), updated_at: now, ..letter };
        Ok(Change::of(()).erase(&last, DeadLetterEvent::Deleted))
    }
}

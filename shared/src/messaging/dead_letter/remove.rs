//! Removing the message of a dead letter.

use super::{DeadLetter, DeadLetterEvent, DeadLetterId};
use crate::domain::access::{AccessError, require_version};
use crate::domain::user::UserId;
use crate::kit::command::{Change, Command, ReadSet, VersionSet};
use crate::kit::system::clock::Timestamp;

/// Removes the message of a dead letter and records who removed it.
#[derive(Debug, Clone)]
pub struct RemoveDeadLetter {
    /// Id of the dead letter.
    pub id: DeadLetterId,
    /// Accepted versions; `None` accepts any version.
    pub expected: Option<VersionSet>,
    /// User who removes the message.
    pub by: UserId,
}

impl Command for RemoveDeadLetter {
    type State = Option<DeadLetter>;
    type Output = ();
    type Error = AccessError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`AccessError`].
    fn decide(
        &self,
        dead_letter: Self::State,
        now: Timestamp,
    ) -> Result<Change<(), AccessError>, AccessError> {
        let dead_letter =
            dead_letter.and_then(DeadLetter::not_removed).ok_or(AccessError::not_found(self.id))?;
        require_version(dead_letter.id, dead_letter.version, self.expected.as_ref())?;
        let removed = dead_letter.removed(self.by, now);
        Ok(Change::of(()).save(&removed, DeadLetterEvent::Removed))
    }
}

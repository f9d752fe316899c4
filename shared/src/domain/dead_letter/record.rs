//! Recording a dead message.

use super::DeadLetter;
use crate::clock::Timestamp;
use crate::command::{Change, Command, Reads, Silent};

/// Records a dead message.
#[derive(Debug, Clone)]
pub struct RecordDeadLetter {
    /// The message.
    pub letter: DeadLetter,
}

/// A dead message can always be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {}

impl Command for RecordDeadLetter {
    type State = ();
    type Output = ();
    type Error = RecordError;

    fn reads(&self) -> Reads<()> {
        Reads::nothing()
    }

    fn decide(&self, (): (), now: Timestamp) -> Result<Change<(), RecordError>, RecordError> {
        Ok(Change::of(()).save(&DeadLetter { created_at: now, ..self.letter.clone() }, Silent))
    }
}

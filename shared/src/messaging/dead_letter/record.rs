//! Recording a dead message.

use super::{DeadLetter, DeadLetterEvent, DeadLetterId};
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Records a dead message.
#[derive(Debug, Clone)]
pub struct RecordDeadLetter {
    /// The message, as a letter of its own.
    pub letter: DeadLetter,
    /// The letter whose redrive sent it, if one did.
    pub redriven_from: Option<DeadLetterId>,
}

/// A dead message can always be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {}

impl Command for RecordDeadLetter {
    type State = Vec<Option<DeadLetter>>;
    type Output = ();
    type Error = RecordError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get_all(&self.redriven_from)
    }

    /// A message that was redriven makes no letter of its own, as long as the one is there that it came from.
    fn decide(&self, known: Self::State, now: Timestamp) -> Result<Change<(), RecordError>, RecordError> {
        Ok(saved(&self.recorded(known, now)))
    }
}

impl RecordDeadLetter {
    /// The letter that the message becomes, or is again.
    pub(crate) fn recorded(&self, known: Vec<Option<DeadLetter>>, now: Timestamp) -> DeadLetter {
        match known.into_iter().flatten().find_map(DeadLetter::not_removed) {
            Some(known) => known.died_again(&self.letter, now),
            None => DeadLetter { created_at: now, updated_at: now, ..self.letter.clone() },
        }
    }
}

/// The change that stores a letter as it was recorded.
pub(crate) fn saved(letter: &DeadLetter) -> Change<(), RecordError> {
    Change::of(()).save(letter, DeadLetterEvent::Recorded)
}

//! Recording a dead letter.

use std::convert::Infallible;

use super::{DeadLetter, DeadLetterEvent, DeadLetterId};
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Records a dead letter.
#[derive(Debug, Clone)]
pub struct RecordDeadLetter {
    /// New dead letter for the message.
    pub dead_letter: DeadLetter,
    /// Id of the dead letter from which the message was redriven, if it was.
    pub redriven_from: Option<DeadLetterId>,
}

impl Command for RecordDeadLetter {
    type State = Vec<Option<DeadLetter>>;
    type Output = ();
    type Error = Infallible;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get_all(&self.redriven_from)
    }

    /// Cannot be refused. A redriven message that fails again updates its existing dead letter instead of
    /// creating a new one.
    fn decide(&self, known: Self::State, now: Timestamp) -> Result<Change<(), Infallible>, Infallible> {
        Ok(saved(&self.recorded(known, now)))
    }
}

impl RecordDeadLetter {
    /// Returns the new or updated dead letter.
    pub(crate) fn recorded(&self, known: Vec<Option<DeadLetter>>, now: Timestamp) -> DeadLetter {
        match known.into_iter().flatten().find_map(DeadLetter::not_removed) {
            Some(existing) => existing.died_again(&self.dead_letter, now),
            None => DeadLetter { created_at: now, updated_at: now, ..self.dead_letter.clone() },
        }
    }
}

/// Saves a recorded dead letter.
pub(crate) fn saved(dead_letter: &DeadLetter) -> Change<(), Infallible> {
    Change::of(()).save(dead_letter, DeadLetterEvent::Recorded)
}

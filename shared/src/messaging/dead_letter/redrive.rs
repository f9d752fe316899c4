//! Redriving dead letters.

use std::convert::Infallible;

use serde::{Deserialize, Serialize};

use super::{DeadLetter, DeadLetterEvent, DeadLetterId, DeadLetterStatus};
use crate::domain::access::AccessError;
use crate::domain::user::UserId;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Maximum number of dead letters redriven in one transaction, which contains each of them and its message.
pub const MAX_REDRIVES: u32 = 25;

/// Sends the message of a dead letter to its queue again.
#[derive(Debug, Clone)]
pub struct RedriveDeadLetter {
    /// Id of the dead letter.
    pub id: DeadLetterId,
    /// User who requests the redrive.
    pub by: UserId,
}

/// Reason why a dead letter is not redriven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedriveError {
    /// The actor has no access to the dead letter.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The message was already redriven and has not failed since.
    #[error("dead letter {0} was already redriven")]
    AlreadyRedriven(DeadLetterId),
}

impl Command for RedriveDeadLetter {
    type State = Option<DeadLetter>;
    /// Dead letter without the body of its message, which may be large: the output is stored in the
    /// idempotency record.
    type Output = DeadLetter;
    type Error = RedriveError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`RedriveError`].
    fn decide(
        &self,
        dead_letter: Self::State,
        now: Timestamp,
    ) -> Result<Change<DeadLetter, RedriveError>, RedriveError> {
        let dead_letter =
            dead_letter.and_then(DeadLetter::not_removed).ok_or(AccessError::not_found(self.id))?;
        if dead_letter.status != DeadLetterStatus::Dead {
            return Err(RedriveError::AlreadyRedriven(dead_letter.id));
        }
        let redriven = dead_letter.redriven(self.by, now);
        let event = redrive_event(&redriven);
        let output = DeadLetter { body: String::new(), ..redriven.clone() };
        Ok(Change::of(output).save(&redriven, event))
    }
}

/// Sends the messages of several dead letters of one queue again, in one transaction.
#[derive(Debug, Clone)]
pub struct RedriveQueue {
    /// Ids of the dead letters; at most [`MAX_REDRIVES`].
    pub ids: Vec<DeadLetterId>,
    /// Number of dead letters in the queue when the ids were selected.
    pub waiting: u64,
    /// User who requests the redrive.
    pub by: UserId,
}

/// Result of redriving several dead letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedriveResult {
    /// Ids of the redriven dead letters.
    pub ids: Vec<DeadLetterId>,
    /// Number of remaining dead letters.
    pub left: u64,
}

impl Command for RedriveQueue {
    type State = Vec<Option<DeadLetter>>;
    type Output = RedriveResult;
    type Error = Infallible;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get_all(&self.ids)
    }

    /// Redrives the dead letters with status `dead`; the others remain unchanged.
    fn decide(
        &self,
        dead_letters: Self::State,
        now: Timestamp,
    ) -> Result<Change<RedriveResult, Infallible>, Infallible> {
        let dead = dead_letters
            .into_iter()
            .flatten()
            .filter(|dead_letter| dead_letter.status == DeadLetterStatus::Dead);
        let redriven: Vec<DeadLetter> = dead.map(|dead_letter| dead_letter.redriven(self.by, now)).collect();
        let ids = redriven.iter().map(|dead_letter| dead_letter.id).collect();
        let selected = u64::try_from(self.ids.len()).unwrap_or(u64::MAX);
        let output = RedriveResult { ids, left: self.waiting.saturating_sub(selected) };
        Ok(redriven.iter().fold(Change::of(output), |change, dead_letter| {
            change.save(dead_letter, redrive_event(dead_letter))
        }))
    }
}

fn redrive_event(dead_letter: &DeadLetter) -> DeadLetterEvent {
    DeadLetterEvent::Redriven { queue: dead_letter.queue, message: dead_letter.message() }
}

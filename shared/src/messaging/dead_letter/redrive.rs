//! Having dead letters tried again.

use std::convert::Infallible;

use serde::{Deserialize, Serialize};

use super::{DeadLetter, DeadLetterEvent, DeadLetterId, DeadLetterStatus};
use crate::domain::user::UserId;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// How many letters are redriven in one transaction, which holds each of them and its message.
pub const MAX_REDRIVES: u32 = 25;

/// Sends the message of one letter back to its queue.
#[derive(Debug, Clone)]
pub struct RedriveDeadLetter {
    /// Which letter.
    pub id: DeadLetterId,
    /// On whose behalf.
    pub by: UserId,
}

/// Why a letter is not redriven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedriveError {
    /// There is no such letter.
    #[error("there is no such dead letter")]
    NotFound,
    /// Its message was sent already, and has not died since.
    #[error("the message went back to its queue, and has not died since")]
    AlreadyRedriven,
}

impl Command for RedriveDeadLetter {
    type State = Option<DeadLetter>;
    /// The letter without its message, which may be long: this is kept with the receipt.
    type Output = DeadLetter;
    type Error = RedriveError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`RedriveError`].
    fn decide(
        &self,
        letter: Self::State,
        now: Timestamp,
    ) -> Result<Change<DeadLetter, RedriveError>, RedriveError> {
        let letter = letter.and_then(DeadLetter::not_removed).ok_or(RedriveError::NotFound)?;
        if letter.status != DeadLetterStatus::Dead {
            return Err(RedriveError::AlreadyRedriven);
        }
        let redriven = letter.redriven(self.by, now);
        let event = sent(&redriven);
        let shown = DeadLetter { body: String::new(), ..redriven.clone() };
        Ok(Change::of(shown).save(&redriven, event))
    }
}

/// Sends the messages of several letters of a queue back to it, at once.
#[derive(Debug, Clone)]
pub struct RedriveQueue {
    /// Which letters; at most [`MAX_REDRIVES`].
    pub ids: Vec<DeadLetterId>,
    /// How many were dead when these were chosen.
    pub waiting: u64,
    /// On whose behalf.
    pub by: UserId,
}

/// What became of several letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redriven {
    /// Those that were redriven.
    pub ids: Vec<DeadLetterId>,
    /// How many more were dead.
    pub left: u64,
}

impl Command for RedriveQueue {
    type State = Vec<Option<DeadLetter>>;
    type Output = Redriven;
    type Error = Infallible;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get_all(&self.ids)
    }

    /// Redrives those that are dead, which is always possible; the others are left as they are.
    fn decide(
        &self,
        letters: Self::State,
        now: Timestamp,
    ) -> Result<Change<Redriven, Infallible>, Infallible> {
        let dead = letters.into_iter().flatten().filter(|letter| letter.status == DeadLetterStatus::Dead);
        let redriven: Vec<DeadLetter> = dead.map(|letter| letter.redriven(self.by, now)).collect();
        let ids = redriven.iter().map(|letter| letter.id).collect();
        let seen = u64::try_from(self.ids.len()).unwrap_or(u64::MAX);
        let output = Redriven { ids, left: self.waiting.saturating_sub(seen) };
        Ok(redriven.iter().fold(Change::of(output), |change, letter| change.save(letter, sent(letter))))
    }
}

fn sent(letter: &DeadLetter) -> DeadLetterEvent {
    DeadLetterEvent::Redriven { queue: letter.queue, message: letter.message() }
}

//! Why an order does not get on: the attempts at its present step.

use serde::{Deserialize, Serialize};

use crate::domain::order::OrderId;
use crate::kit::command::{Adjustment, Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// What the people concerned are told of an order that does not get on. Beside the order and without a version:
/// an attempt that failed changes nothing about the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempts {
    /// How many attempts failed since it was placed.
    pub failed: i64,
    /// The step at which the last one failed.
    pub step: String,
    /// What went wrong, in public words.
    pub last_error: String,
    /// When the last one failed.
    pub failed_at: Timestamp,
    /// When it is tried next; unset once it is no longer tried.
    pub next_at: Option<Timestamp>,
}

/// Notes that an attempt failed, or that none was made for the while.
#[derive(Debug, Clone)]
pub struct RecordFailedAttempt {
    /// Of which order.
    pub order_id: OrderId,
    /// At which step.
    pub step: &'static str,
    /// What went wrong, in public words.
    pub error: &'static str,
    /// When it is tried next.
    pub next_at: Timestamp,
    /// Whether anything was attempted at all. Who waits because somebody else's attempts failed has not failed.
    pub made: bool,
}

/// An attempt can always be noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {}

impl Command for RecordFailedAttempt {
    type State = ();
    type Output = ();
    type Error = NoteError;

    fn reads(&self) -> ReadSet<()> {
        ReadSet::empty()
    }

    fn decide(&self, (): (), now: Timestamp) -> Result<Change<(), NoteError>, NoteError> {
        let note = Adjustment::of::<Attempts>()
            .add("failed", i64::from(self.made))
            .adjust_unchecked("step", self.step)
            .adjust_unchecked("lastError", self.error)
            .adjust_unchecked("failedAt", now.to_string())
            .adjust_unchecked("nextAt", self.next_at.to_string());
        Ok(Change::of(()).adjust_unchecked::<Attempts>(&self.order_id, note))
    }
}

//! Shared by both consumers: parse the event, enforce the deadline, contain panics.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::future::{Either, select};
use futures::{FutureExt, pin_mut};
use serde::de::DeserializeOwned;

use super::{Delivery, Outcome};
use crate::kit::command::Envelope;
use crate::kit::system::clock::Clock;

/// Parses the event of a delivery. A message that cannot be parsed is dead-lettered at once.
pub(super) fn parse_event<E: DeserializeOwned>(delivery: &Delivery) -> Result<Envelope<E>, Outcome> {
    serde_json::from_str(&delivery.body).map_err(|error| {
        // serde's message may quote the body; its category and column do not.
        let (category, column) = (error.classify(), error.column());
        Outcome::DeadLetter {
            reason: format!("the message cannot be parsed: {category:?} error, column {column}"),
        }
    })
}

/// Retry reason of a record whose handler panicked.
pub(super) const PANICKED: &str = "the handler panicked";

/// Reason why an attempt did not complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AttemptFailure {
    /// The handler panicked.
    Panicked,
    /// The handler did not finish in time.
    TimedOut,
    /// The attempt was not started, because too little time was left.
    NoTimeLeft,
}

impl From<AttemptFailure> for Outcome {
    fn from(failure: AttemptFailure) -> Self {
        let (after, reason) = match failure {
            AttemptFailure::Panicked => (None, PANICKED),
            AttemptFailure::TimedOut => (None, "the handler timed out"),
            AttemptFailure::NoTimeLeft => {
                (Some(Duration::ZERO), "not started: too little time before the deadline")
            }
        };
        Self::Retry { after, reason }
    }
}

/// Runs `work` for at most `left`. Does not start it if `left` is shorter than `max_duration`.
pub(super) async fn attempt(
    work: impl Future<Output = Outcome>,
    (left, max_duration): (Duration, Duration),
    clock: &impl Clock,
) -> Result<Outcome, AttemptFailure> {
    if left < max_duration {
        return Err(AttemptFailure::NoTimeLeft);
    }
    let (work, late) = (AssertUnwindSafe(work).catch_unwind(), clock.sleep(left));
    pin_mut!(work, late);
    match select(work, late).await {
        Either::Left((Ok(outcome), _)) => Ok(outcome),
        Either::Left((Err(_), _)) => Err(AttemptFailure::Panicked),
        Either::Right(_) => Err(AttemptFailure::TimedOut),
    }
}

//! Shared by both consumers: dead-letter malformed events, enforce the deadline, contain panics.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::future::{Either, select};
use futures::{FutureExt, pin_mut};

use super::Outcome;
use super::parse_event::MalformedEvent;
use crate::kit::system::clock::Clock;

/// Reason of redelivering a record whose handler panicked.
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

impl From<MalformedEvent> for Outcome {
    /// Dead-letters the message at once, because no retry can parse it.
    fn from(error: MalformedEvent) -> Self {
        Self::DeadLetter { reason: error.to_string() }
    }
}

impl From<AttemptFailure> for Outcome {
    fn from(failure: AttemptFailure) -> Self {
        match failure {
            AttemptFailure::Panicked => Self::Redeliver { after: None, reason: PANICKED },
            AttemptFailure::TimedOut => Self::Redeliver { after: None, reason: "the handler timed out" },
            AttemptFailure::NoTimeLeft => Self::Retry {
                after: Some(Duration::ZERO),
                reason: "not started: too little time before the deadline",
            },
        }
    }
}

/// Runs `work` for at most `left`. Does not start it if `left` is shorter than `max_duration`.
pub(super) async fn attempt(
    work: impl Future<Output = Outcome>,
    left: Duration,
    max_duration: Duration,
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

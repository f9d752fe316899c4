//! What every attempt at a record has in common: it must read, end in time, and take nobody along if it panics.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::future::{Either, select};
use futures::{FutureExt, pin_mut};
use serde::de::DeserializeOwned;

use super::{Delivery, Outcome};
use crate::kit::command::Envelope;
use crate::kit::system::clock::Clock;

/// The event that a delivery carries. What does not read as one is dead at once.
pub(super) fn read<E: DeserializeOwned>(delivery: &Delivery) -> Result<Envelope<E>, Outcome> {
    serde_json::from_str(&delivery.body).map_err(|error| {
        // serde's message may quote the body; its category and place do not.
        let (category, column) = (error.classify(), error.column());
        Outcome::DeadLetter {
            reason: format!("the message does not read: {category:?} error, column {column}"),
        }
    })
}

/// Why a record comes back whose handler panicked.
pub(super) const PANICKED: &str = "the handler panicked";

/// Why an attempt came to no end of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AttemptFailure {
    /// It panicked.
    Panicked,
    /// It would have gone on for too long.
    TimedOut,
    /// It was not begun: there was too little time.
    NoTimeLeft,
}

impl From<AttemptFailure> for Outcome {
    fn from(unended: AttemptFailure) -> Self {
        let (after, reason) = match unended {
            AttemptFailure::Panicked => (None, PANICKED),
            AttemptFailure::TimedOut => (None, "the handler took too long"),
            AttemptFailure::NoTimeLeft => (Some(Duration::ZERO), "handed back before the deadline"),
        };
        Self::Retry { after, reason }
    }
}

/// Works for as long as there is time `left`, if that is enough for the `longest` work.
pub(super) async fn attempt(
    work: impl Future<Output = Outcome>,
    (left, longest): (Duration, Duration),
    clock: &impl Clock,
) -> Result<Outcome, AttemptFailure> {
    if left < longest {
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

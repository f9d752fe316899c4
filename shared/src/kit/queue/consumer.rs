//! SQS consumers: handle a batch and report its failed records (partial batch response).
//!
//! SQS delivers at least once. The idempotency record, written in the same transaction as the effect, makes
//! the effect happen once. This module isolates the records of a batch from each other: one that fails,
//! panics or runs late does not affect the others.

pub mod delivery;
mod guard;
pub mod multi_queue;
pub mod parse_event;
pub mod per_record;
pub mod queue;
pub mod whole_batch;

use std::future::Future;
use std::iter;
use std::time::Duration;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse};
use futures::future::join_all;

use crate::kit::resilience::retry::Backoff;
use crate::kit::system::clock::{Clock, Entropy, Timestamp};
use crate::kit::telemetry::catalogue::MESSAGES;
use crate::kit::telemetry::metrics;
use crate::kit::telemetry::trace::TracedSpan;
use guard::PANICKED;

pub use delivery::Delivery;
pub use per_record::PerRecord;
pub use queue::Queue;
pub use whole_batch::WholeBatch;

/// Outcome of handling a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The effect is committed; the record is deleted from the queue.
    Done,
    /// The record may succeed later. It is sent again with a delay as a new message, so that SQS does not
    /// dead-letter it because of its receive count. It is dead-lettered if it still fails [`RETRY_PERIOD`]
    /// after it was first sent.
    Retry {
        /// Delay, limited to the queue's maximum; `None` for the delay of the backoff.
        after: Option<Duration>,
        /// Reason for the log, without confidential data.
        reason: &'static str,
    },
    /// A call to a service has succeeded, but its result could not be stored. Like a retry, but the record is sent
    /// again with the result, so that the call need not be repeated.
    Unstored {
        /// Result of the call, without confidential data.
        result: String,
        /// Reason for the log, without confidential data.
        reason: &'static str,
    },
    /// The record waits for its turn to call a service that limits its callers. It is sent again as a new
    /// message with the time of its turn; this does not count as an attempt.
    Defer {
        /// Time of the turn.
        until: Timestamp,
        /// Reason for the log, without confidential data.
        reason: &'static str,
    },
    /// The record has made progress, but takes longer than one invocation. It is sent again as a new message,
    /// and its earlier attempts are forgotten.
    Requeue {
        /// Delay, limited to the queue's maximum.
        after: Duration,
        /// Reason for the log, without confidential data.
        reason: &'static str,
    },
    /// The number of attempts is limited, for example because the record may have caused a panic. SQS
    /// redelivers it, and moves it to the dead-letter queue after
    /// [`MAX_RECEIVE_COUNT`](delivery::MAX_RECEIVE_COUNT) deliveries.
    Redeliver {
        /// Delay; `None` for the delay of the backoff.
        after: Option<Duration>,
        /// Reason for the log, without confidential data.
        reason: &'static str,
    },
    /// The record can never succeed; it is dead-lettered.
    DeadLetter {
        /// Reason, without confidential data.
        reason: String,
    },
}

/// Handles the records of a batch.
pub trait BatchHandler: Send + Sync {
    /// Returns the outcome of each record, in order. A record that is not started by `deadline` must be
    /// retried.
    fn handle(&self, batch: Vec<Delivery>, deadline: Timestamp) -> impl Future<Output = Vec<Outcome>> + Send;
}

/// Backoff of retried records. SQS delays messages by up to 15 minutes.
pub const RETRY_BACKOFF: Backoff = Backoff::new(Duration::from_secs(2), Duration::from_mins(15), u32::MAX);

/// Time after which a record is dead-lettered although it may still succeed: longer than most outages of a
/// service.
pub const RETRY_PERIOD: Duration = Duration::from_hours(24);

/// Handles a batch and settles each record by its outcome. Returns the records that SQS redelivers.
pub async fn consume<H: BatchHandler, Q: Queue>(
    handler: &H,
    queue: &Q,
    batch: Vec<Delivery>,
    deadline: Timestamp,
    clock: &impl Clock,
    entropy: &impl Entropy,
) -> SqsBatchResponse {
    let started = clock.now();
    let outcomes = handler.handle(batch.clone(), deadline).await;
    let missing = Outcome::Redeliver { after: None, reason: "the handler returned no outcome" };
    let outcomes = outcomes.into_iter().chain(iter::repeat(missing));
    let settled = batch
        .iter()
        .zip(outcomes)
        .map(|(delivery, outcome)| async { settle(queue, delivery, outcome, clock.now(), entropy).await });
    let settled = join_all(settled).await;
    let mut failures = Vec::new();
    let mut delays = Vec::new();
    for (delivery, outcome) in batch.iter().zip(&settled) {
        log(delivery, outcome, clock.now().duration_since(started));
        metrics::count(&MESSAGES, [&delivery.queue, metric_label(outcome)]);
        if let Outcome::Redeliver { after, .. } = outcome {
            let backoff = || RETRY_BACKOFF.delay(delivery.receive_count, entropy).unwrap_or_default();
            delays.push((delivery.clone(), after.unwrap_or_else(backoff)));
            failures.push(delivery.message_id.clone());
        }
    }
    // If this fails, the records are redelivered when their visibility timeout expires.
    if let Err(error) = queue.change_visibility(delays).await {
        tracing::warn!(%error, "failed to set the visibility timeout of redelivered messages");
    }
    response(failures)
}

/// Dead-letters the record or sends it again, and returns the final outcome: if the queue does not accept the
/// message, the record is redelivered.
async fn settle<Q: Queue>(
    queue: &Q,
    delivery: &Delivery,
    outcome: Outcome,
    now: Timestamp,
    entropy: &impl Entropy,
) -> Outcome {
    let outcome = dead_letter_after_retry_period(delivery, outcome, now);
    let (done, failure) = match &outcome {
        Outcome::Done | Outcome::Redeliver { .. } => return outcome,
        Outcome::DeadLetter { reason } => {
            (queue.dead_letter(delivery, reason).await, "failed to dead-letter the message")
        }
        Outcome::Requeue { after, .. } => {
            (queue.resend(&delivery.as_new(), *after).await, "failed to requeue the message")
        }
        Outcome::Defer { until, .. } => {
            let after = until.duration_since(now);
            (queue.resend(&delivery.deferred(*until, now), after).await, "failed to requeue the message")
        }
        Outcome::Retry { after, .. } => {
            let backoff = || RETRY_BACKOFF.delay(delivery.attempt(), entropy).unwrap_or_default();
            let after = after.unwrap_or_else(backoff);
            (queue.resend(&delivery.after_failure(now), after).await, "failed to requeue the message")
        }
        Outcome::Unstored { result, .. } => {
            let after = RETRY_BACKOFF.delay(delivery.attempt(), entropy).unwrap_or_default();
            let delivery = delivery.after_failure(now).with_call_result(result);
            (queue.resend(&delivery, after).await, "failed to requeue the message")
        }
    };
    match done {
        Ok(()) => outcome,
        Err(error) => {
            tracing::warn!(%error, outcome = outcome.name(), reason = outcome.reason(), "{failure}");
            Outcome::Redeliver { after: None, reason: failure }
        }
    }
}

/// Replaces a retry by a dead letter if the retry period of the record is over.
fn dead_letter_after_retry_period(delivery: &Delivery, outcome: Outcome, now: Timestamp) -> Outcome {
    match (&outcome, delivery.first_sent_at()) {
        (Outcome::Retry { reason, .. } | Outcome::Unstored { reason, .. }, Some(first))
            if now.duration_since(first) >= RETRY_PERIOD =>
        {
            let hours = RETRY_PERIOD.as_secs() / 3_600;
            Outcome::DeadLetter { reason: format!("retried for {hours} hours; last failure: {reason}") }
        }
        _ => outcome,
    }
}

impl Outcome {
    /// Name of the outcome in the log.
    const fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retry { .. } | Self::Unstored { .. } => "retry",
            Self::Defer { .. } => "deferred",
            Self::Requeue { .. } => "requeued",
            Self::Redeliver { .. } => "redelivered",
            Self::DeadLetter { .. } => "dead_lettered",
        }
    }

    /// Reason of the outcome; `None` if done.
    fn reason(&self) -> Option<&str> {
        match self {
            Self::Done => None,
            Self::Retry { reason, .. }
            | Self::Unstored { reason, .. }
            | Self::Defer { reason, .. }
            | Self::Requeue { reason, .. }
            | Self::Redeliver { reason, .. } => Some(reason),
            Self::DeadLetter { reason } => Some(reason),
        }
    }

    /// Ends the span of a record or a batch. Records the reason of an outcome other than `Done`.
    fn end_span(&self, span: &TracedSpan) {
        if let Some(reason) = self.reason() {
            span.record_exception(self.name(), reason.to_owned());
        }
        span.end(*self == Self::Done);
    }
}

/// Name of the outcome in the metrics, which count panics separately from other redeliveries.
fn metric_label(outcome: &Outcome) -> &'static str {
    if outcome.reason() == Some(PANICKED) { "panic" } else { outcome.name() }
}

fn log(delivery: &Delivery, outcome: &Outcome, duration: Duration) {
    tracing::info!(
        messageId = delivery.message_id,
        correlationId = delivery.correlation_id.as_deref(),
        attempt = delivery.attempt(),
        outcome = outcome.name(),
        reason = outcome.reason(),
        durationMs = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        "message"
    );
}

fn response(failures: Vec<String>) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failures
        .into_iter()
        .map(|id| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            failure
        })
        .collect();
    response
}

#[cfg(test)]
mod tests;

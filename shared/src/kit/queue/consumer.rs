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
use std::time::Duration;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse};

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
    /// The record may succeed later; it is redelivered.
    Retry {
        /// Delay; `None` for the delay of the backoff.
        after: Option<Duration>,
        /// Reason for the log, without confidential data.
        reason: &'static str,
    },
    /// A shared dependency is down, or the work made progress but takes longer than one invocation. The
    /// record is sent again with a delay as a new message, so that the receive count does not move it to the
    /// dead-letter queue.
    Requeue {
        /// Delay, limited to the queue's maximum.
        after: Duration,
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

/// Backoff of retried records. SQS allows visibility timeouts of up to 12 hours; ours are limited to 15
/// minutes.
pub const RETRY_BACKOFF: Backoff = Backoff::new(Duration::from_secs(2), Duration::from_mins(15), u32::MAX);

/// Handles a batch and completes its records: some are dead-lettered or requeued, the other failed ones are
/// redelivered.
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
    let mut failures = Vec::new();
    let mut delays = Vec::new();
    for (position, delivery) in batch.iter().enumerate() {
        let missing = Outcome::Retry { after: None, reason: "the handler returned no outcome" };
        let outcome = settle(queue, delivery, outcomes.get(position).cloned().unwrap_or(missing)).await;
        log(delivery, &outcome, clock.now().duration_since(started));
        metrics::count(&MESSAGES, [&delivery.queue, metric_label(&outcome)]);
        if let Outcome::Retry { after, .. } = outcome {
            let delay = after
                .unwrap_or_else(|| RETRY_BACKOFF.delay(delivery.receive_count, entropy).unwrap_or_default());
            delays.push((delivery.clone(), delay));
            failures.push(delivery.message_id.clone());
        }
    }
    // If this fails, the records are redelivered when their visibility timeout expires.
    if let Err(error) = queue.change_visibility(delays).await {
        tracing::warn!(%error, "failed to set the visibility timeout of retried messages");
    }
    response(failures)
}

/// Dead-letters or requeues a record. If the queue does not accept it, the record is redelivered.
async fn settle<Q: Queue>(queue: &Q, delivery: &Delivery, outcome: Outcome) -> Outcome {
    match &outcome {
        Outcome::DeadLetter { reason } => match queue.dead_letter(delivery, reason).await {
            Ok(()) => outcome,
            Err(_) => {
                Outcome::Retry { after: None, reason: "moving the message to the dead-letter queue failed" }
            }
        },
        Outcome::Requeue { after, reason } => match queue.resend(delivery, *after).await {
            Ok(()) => outcome,
            Err(error) => {
                tracing::warn!(%error, "failed to requeue message with a delay");
                Outcome::Retry { after: Some(*after), reason }
            }
        },
        Outcome::Done | Outcome::Retry { .. } => outcome,
    }
}

impl Outcome {
    /// Name of the outcome in the log.
    const fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retry { .. } => "retry",
            Self::Requeue { .. } => "requeued",
            Self::DeadLetter { .. } => "dead_lettered",
        }
    }

    /// Reason of the outcome; `None` if done.
    fn reason(&self) -> Option<&str> {
        match self {
            Self::Done => None,
            Self::Retry { reason, .. } | Self::Requeue { reason, .. } => Some(reason),
            Self::DeadLetter { reason } => Some(reason),
        }
    }

    /// Ends the span of a record or a batch; records the reason if it is not done.
    fn end_span(&self, span: &TracedSpan) {
        if let Some(reason) = self.reason() {
            span.record_exception(self.name(), reason.to_owned());
        }
        span.end(*self == Self::Done);
    }
}

/// Name of the outcome in the metrics, which count panics separately from other retries.
fn metric_label(outcome: &Outcome) -> &'static str {
    if outcome.reason() == Some(PANICKED) { "panic" } else { outcome.name() }
}

fn log(delivery: &Delivery, outcome: &Outcome, duration: Duration) {
    tracing::info!(
        messageId = delivery.message_id,
        correlationId = delivery.correlation_id.as_deref(),
        attempt = delivery.receive_count,
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
mod tests {
    use aws_lambda_events::event::sqs::SqsMessage;

    use super::*;
    use crate::kit::queue::consumer::queue::UnmanagedQueue;
    use crate::kit::system::clock::{SystemClock, SystemEntropy};

    /// Requeues every message.
    struct RequeueAll;

    impl BatchHandler for RequeueAll {
        async fn handle(&self, batch: Vec<Delivery>, _: Timestamp) -> Vec<Outcome> {
            vec![Outcome::Requeue { after: Duration::from_secs(3), reason: "not now" }; batch.len()]
        }
    }

    #[tokio::test]
    async fn message_that_cannot_be_requeued_is_redelivered() {
        let mut message = SqsMessage::default();
        message.message_id = Some("m1".to_owned());
        let (batch, deadline) = (vec![message.into()], SystemClock.now());
        let response =
            consume(&RequeueAll, &UnmanagedQueue, batch, deadline, &SystemClock, &SystemEntropy).await;
        let failed_ids: Vec<_> =
            response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
        assert_eq!(failed_ids, ["m1"]);
    }
}

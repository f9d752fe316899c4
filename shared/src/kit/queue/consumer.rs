//! Consumers of queues: a batch in, its failures out (partial batch responses), each record by itself.
//!
//! SQS delivers at least once. What makes the effect happen once is the receipt in the transaction of the effect;
//! what is here makes sure that a record which fails, panics or runs late does not touch its neighbours.

pub mod delivery;
mod guard;
pub mod multi_queue;
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
use guard::PANICKED;

pub use delivery::Delivery;
pub use per_record::PerRecord;
pub use queue::Queue;
pub use whole_batch::WholeBatch;

/// How the handling of a record ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its effect is committed; the record goes.
    Done,
    /// It may succeed later; the record comes back.
    Retry {
        /// When; `None`: as the backoff has it.
        after: Option<Duration>,
        /// Why, for the log. Public words.
        reason: &'static str,
    },
    /// Something that others depend on as well is down, or the work got on and is too long for one invocation; the record
    /// comes back, and its deliveries so far are forgotten: the queue would bury it after a few, and it is not to blame.
    Requeue {
        /// When. At most what the queue can delay a message by.
        after: Duration,
        /// Why, for the log. Public words.
        reason: &'static str,
    },
    /// It never will; the record is dead, for this reason. Public words.
    DeadLetter {
        /// Why.
        reason: String,
    },
}

/// Handles the records of a batch.
pub trait BatchHandler: Send + Sync {
    /// Says of each record, in their order, how it ended. What is not begun by `deadline` is to be handed back.
    fn handle(&self, batch: Vec<Delivery>, deadline: Timestamp) -> impl Future<Output = Vec<Outcome>> + Send;
}

/// How long a record that is to be retried waits at least and at most: SQS's own limit on visibility is 12 hours, ours
/// is that nobody waits longer than a quarter of one.
pub const RETRY_BACKOFF: Backoff = Backoff::new(Duration::from_secs(2), Duration::from_mins(15), u32::MAX);

/// Handles a batch and settles with the queue: the dead go to the dead letters, the rest that failed comes back.
pub async fn consume<H: BatchHandler, Q: Queue>(
    handler: &H,
    queue: &Q,
    batch: Vec<Delivery>,
    deadline: Timestamp,
    (clock, entropy): (&impl Clock, &impl Entropy),
) -> SqsBatchResponse {
    let started = clock.now();
    let outcomes = handler.handle(batch.clone(), deadline).await;
    let mut failures = Vec::new();
    let mut delays = Vec::new();
    for (position, delivery) in batch.iter().enumerate() {
        let missing = Outcome::Retry { after: None, reason: "not handled" };
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
    // Should this fail, the records come back all the same, when their visibility timeout is over.
    if let Err(error) = queue.change_visibility(delays).await {
        tracing::warn!(%error, "the delay of a retry could not be set");
    }
    response(failures)
}

/// Buries a dead record, and sends a postponed one again. Where the queue does not take it, it comes back.
async fn settle<Q: Queue>(queue: &Q, delivery: &Delivery, outcome: Outcome) -> Outcome {
    match &outcome {
        Outcome::DeadLetter { reason } => match queue.dead_letter(delivery, reason).await {
            Ok(()) => outcome,
            Err(_) => Outcome::Retry { after: None, reason: "could not be moved to the dead letters" },
        },
        Outcome::Requeue { after, reason } => match queue.resend(delivery, *after).await {
            Ok(()) => outcome,
            Err(error) => {
                tracing::warn!(%error, "a message could not be postponed");
                Outcome::Retry { after: Some(*after), reason }
            }
        },
        Outcome::Done | Outcome::Retry { .. } => outcome,
    }
}

impl Outcome {
    /// Its name in the log.
    const fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retry { .. } => "retry",
            Self::Requeue { .. } => "postponed",
            Self::DeadLetter { .. } => "permanent",
        }
    }

    /// Why it ended so, unless it is done.
    fn reason(&self) -> Option<&str> {
        match self {
            Self::Done => None,
            Self::Retry { reason, .. } | Self::Requeue { reason, .. } => Some(reason),
            Self::DeadLetter { reason } => Some(reason),
        }
    }
}

/// Its name among the metrics, where a panic is not just any retry.
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

    /// Postpones everything.
    struct Postpones;

    impl BatchHandler for Postpones {
        async fn handle(&self, batch: Vec<Delivery>, _: Timestamp) -> Vec<Outcome> {
            vec![Outcome::Requeue { after: Duration::from_secs(3), reason: "not now" }; batch.len()]
        }
    }

    #[tokio::test]
    async fn a_message_that_cannot_be_postponed_comes_back_and_is_not_lost() {
        let mut message = SqsMessage::default();
        message.message_id = Some("m1".to_owned());
        let (deadline, chance) = (SystemClock.now(), (&SystemClock, &SystemEntropy));
        let response = consume(&Postpones, &UnmanagedQueue, vec![message.into()], deadline, chance).await;
        let back: Vec<_> = response.batch_item_failures.into_iter().map(|one| one.item_identifier).collect();
        assert_eq!(back, ["m1"]);
    }
}

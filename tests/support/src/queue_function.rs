//! A function that consumes a queue, called with SQS events.

use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use serde_json::Value;
use shared::kit::queue::consumer::{BatchHandler, Delivery, Queue, consume};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy, Timestamp};

use crate::fixture::ManualClock;
use crate::recording_queue::{RecordedCalls, RecordingQueue};

/// Time until the deadline of [`handle`].
const TIMEOUT: Duration = Duration::from_secs(28);

/// Result of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchResult {
    /// Ids of the messages that are redelivered.
    pub failures: Vec<String>,
    /// Calls of the queue.
    pub calls: RecordedCalls,
}

impl BatchResult {
    /// Returns true if every message was handled.
    #[must_use]
    pub fn is_success(&self) -> bool {
        *self == Self::default()
    }

    /// Returns true if the only message was sent again to continue, without a delay.
    #[must_use]
    pub fn is_requeued(&self) -> bool {
        matches!(self.calls.requeued.as_slice(), [(_, Duration::ZERO)]) && self.failures.is_empty()
    }

    /// Ids of the messages that were sent again after a failure, provided that no message is redelivered.
    #[must_use]
    pub fn retried(&self) -> Vec<&str> {
        if self.failures.is_empty() { ids(&self.calls.retried) } else { Vec::new() }
    }

    /// Delay until the only message is delivered again.
    ///
    /// # Panics
    /// If there is not exactly one such message.
    #[must_use]
    pub fn retry_delay(&self) -> Duration {
        let delays = self.calls.visibility_changed.iter().chain(&self.calls.retried);
        let [(_, delay)] = delays.collect::<Vec<_>>()[..] else { panic!("{self:?}") };
        *delay
    }

    /// Reason why the only message was dead-lettered.
    ///
    /// # Panics
    /// If there is not exactly one such message.
    #[must_use]
    pub fn dead_letter_reason(&self) -> &str {
        let [(_, reason)] = self.calls.dead_lettered.as_slice() else { panic!("{self:?}") };
        reason
    }
}

fn ids(messages: &[(String, Duration)]) -> Vec<&str> {
    messages.iter().map(|(id, _)| id.as_str()).collect()
}

/// Handles an SQS event with a distant deadline.
///
/// # Panics
/// If the event is not one of SQS.
pub async fn handle(handler: &impl BatchHandler, event: &Value) -> BatchResult {
    handle_until(handler, event, SystemClock.now().saturating_add(TIMEOUT)).await
}

/// Same as [`handle`], with this deadline.
///
/// # Panics
/// If the event is not one of SQS.
pub async fn handle_until(handler: &impl BatchHandler, event: &Value, deadline: Timestamp) -> BatchResult {
    let queue = RecordingQueue::default();
    let failures = consume_event(handler, &queue, event, deadline).await;
    BatchResult { failures, calls: queue.calls() }
}

/// Handles an SQS event of this queue; returns the ids of the messages that are redelivered.
///
/// # Panics
/// If the event is not one of SQS.
pub async fn handle_from(handler: &impl BatchHandler, queue: &impl Queue, event: &Value) -> Vec<String> {
    consume_event(handler, queue, event, SystemClock.now().saturating_add(TIMEOUT)).await
}

async fn consume_event(
    handler: &impl BatchHandler,
    queue: &impl Queue,
    event: &Value,
    deadline: Timestamp,
) -> Vec<String> {
    let batch = deliveries(event);
    // Recorded events contain an old send time. The clock shows that time, so that no retry is the last.
    let sent_at = batch.iter().filter_map(|delivery| delivery.sent_at).max();
    let clock = ManualClock::at(sent_at.unwrap_or_else(|| SystemClock.now()));
    let consumed = consume(handler, queue, batch, deadline, &clock, &SystemEntropy);
    let response = Box::pin(consumed).await;
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

/// Deliveries of an SQS event.
///
/// # Panics
/// If the event is not one of SQS.
#[must_use]
pub fn deliveries(event: &Value) -> Vec<Delivery> {
    let event: SqsEvent = serde_json::from_value(event.clone()).expect("the event is one of SQS");
    event.records.into_iter().map(Delivery::from).collect()
}

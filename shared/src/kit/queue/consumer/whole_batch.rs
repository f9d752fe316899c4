//! Handles a batch as one unit; falls back to one record at a time if a record poisons the batch.

use std::future::Future;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tracing::Instrument;

use super::parse_event::parse_event;
use super::{BatchHandler, Delivery, Outcome};
use crate::kit::command::Envelope;
use crate::kit::queue::consumer::guard::{AttemptFailure, attempt};
use crate::kit::system::clock::{Clock, Timestamp};
use crate::kit::telemetry::trace::{KeyValue, SpanKind, TracedSpan};

/// Handles the events of a batch as one unit.
pub trait BatchConsumer: Send + Sync {
    /// Type of the events. A message that cannot be parsed as one is dead-lettered at once.
    type Event: DeserializeOwned + Send + Sync;

    /// Handles one or more events: all of them or none. If it panics or returns [`Outcome::DeadLetter`], one
    /// of the events is the cause, and each event is handled alone.
    fn handle(&self, events: &[Envelope<Self::Event>]) -> impl Future<Output = Outcome> + Send;
}

/// Passes the records of a batch to a consumer as one unit.
#[derive(Debug, Clone)]
pub struct WholeBatch<H, C> {
    /// Consumer of the records.
    pub consumer: H,
    /// Clock for the deadline.
    pub clock: C,
    /// Maximum duration of an attempt. An attempt is not started if less time is left before the deadline.
    pub max_duration: Duration,
}

impl<H, C> WholeBatch<H, C> {
    /// Replaces the clock for the deadline.
    pub fn with_clock<D: Clock>(self, clock: D) -> WholeBatch<H, D> {
        let Self { consumer, max_duration, .. } = self;
        WholeBatch { consumer, clock, max_duration }
    }
}

impl<H: BatchConsumer, C: Clock> BatchHandler for WholeBatch<H, C> {
    async fn handle(&self, batch: Vec<Delivery>, deadline: Timestamp) -> Vec<Outcome> {
        let mut events = Vec::with_capacity(batch.len());
        let parse_failures: Vec<Option<Outcome>> = batch
            .iter()
            .map(|delivery| match parse_event(&delivery.body) {
                Ok(event) => {
                    events.push(event);
                    None
                }
                Err(error) => Some(error.into()),
            })
            .collect();
        let span = batch_span(&batch);
        let outcomes = span.in_span(self.handle_events(&events, deadline)).await;
        outcomes.iter().find(|outcome| **outcome != Outcome::Done).unwrap_or(&Outcome::Done).end_span(&span);
        let mut outcomes = outcomes.into_iter();
        let missing = Outcome::Redeliver { after: None, reason: "the handler returned no outcome" };
        parse_failures
            .into_iter()
            .map(|failure| failure.or_else(|| outcomes.next()).unwrap_or(missing.clone()))
            .collect()
    }
}

/// Starts the span of handling a batch, linked to the trace context of each message.
fn batch_span(batch: &[Delivery]) -> TracedSpan {
    if let [delivery] = batch {
        return delivery.start_span();
    }
    let queue = batch.first().map_or("none", |delivery| delivery.queue.as_str());
    let count = i64::try_from(batch.len()).unwrap_or(i64::MAX);
    let attributes = vec![
        KeyValue::new("messaging.system", "aws_sqs"),
        KeyValue::new("messaging.operation.type", "process"),
        KeyValue::new("messaging.destination.name", queue.to_owned()),
        KeyValue::new("messaging.batch.message_count", count),
    ];
    let span = TracedSpan::begin(SpanKind::Consumer, format!("process {queue}"), attributes);
    batch.iter().fold(span, |span, delivery| span.add_link(&delivery.parent_context()))
}

impl<H: BatchConsumer, C: Clock> WholeBatch<H, C> {
    /// Returns the outcome of each event.
    async fn handle_events(&self, events: &[Envelope<H::Event>], deadline: Timestamp) -> Vec<Outcome> {
        if events.is_empty() {
            return Vec::new();
        }
        let batch_result = self.attempt(events, deadline).await;
        let is_poisoned =
            matches!(batch_result, Ok(Outcome::DeadLetter { .. }) | Err(AttemptFailure::Panicked));
        if events.len() == 1 || !is_poisoned {
            return vec![batch_result.unwrap_or_else(Outcome::from); events.len()];
        }
        let mut outcomes = Vec::with_capacity(events.len());
        for event in events.chunks(1) {
            outcomes.push(self.attempt(event, deadline).await.unwrap_or_else(Outcome::from));
        }
        outcomes
    }

    async fn attempt(
        &self,
        events: &[Envelope<H::Event>],
        deadline: Timestamp,
    ) -> Result<Outcome, AttemptFailure> {
        let span = tracing::info_span!("messages", count = events.len());
        let left = deadline.duration_since(self.clock.now());
        // Boxed, because the compiler cannot handle futures that are nested so deeply.
        let work = Box::pin(self.consumer.handle(events));
        attempt(work, left, self.max_duration, &self.clock).instrument(span).await
    }
}

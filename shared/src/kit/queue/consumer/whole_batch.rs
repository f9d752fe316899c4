//! Handling a batch as one piece of work, and record by record only where one of them stands in the way of all.

use std::future::Future;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tracing::Instrument;

use super::{BatchHandler, Delivery, Outcome};
use crate::kit::command::Envelope;
use crate::kit::queue::consumer::guard::{AttemptFailure, attempt, read};
use crate::kit::system::clock::{Clock, Timestamp};
use crate::kit::telemetry::trace::{KeyValue, SpanKind, TracedSpan};

/// Handles the events of a batch together.
pub trait BatchConsumer: Send + Sync {
    /// The events that it understands. What does not read as one is dead at once.
    type Event: DeserializeOwned + Send + Sync;

    /// Handles these events, of which there is at least one: all of them or none. Where it ends in
    /// [`Outcome::Permanent`], one of them is to blame, and each is handled alone.
    fn handle(&self, events: &[Envelope<Self::Event>]) -> impl Future<Output = Outcome> + Send;
}

/// Gives a consumer its records together.
#[derive(Debug, Clone)]
pub struct WholeBatch<H, C> {
    /// Handles them.
    pub consumer: H,
    /// Tells when it gets late.
    pub clock: C,
    /// How long an attempt may take; what could not finish before the deadline is not begun.
    pub longest: Duration,
}

impl<H: BatchConsumer, C: Clock> BatchHandler for WholeBatch<H, C> {
    async fn handle(&self, batch: Vec<Delivery>, deadline: Timestamp) -> Vec<Outcome> {
        let mut events = Vec::with_capacity(batch.len());
        let unread: Vec<Option<Outcome>> = batch
            .iter()
            .map(|delivery| match read(delivery) {
                Ok(event) => {
                    events.push(event);
                    None
                }
                Err(dead) => Some(dead),
            })
            .collect();
        let traced = joint_work(&batch);
        let ended = traced.in_span(self.all(&events, deadline)).await;
        traced.end(ended.iter().all(|outcome| *outcome == Outcome::Done));
        let mut ended = ended.into_iter();
        let missing = Outcome::Retry { after: None, reason: "not handled" };
        unread.into_iter().map(|dead| dead.or_else(|| ended.next()).unwrap_or(missing.clone())).collect()
    }
}

/// Handling a batch, as one piece of work that each of its messages led to.
fn joint_work(batch: &[Delivery]) -> TracedSpan {
    if let [alone] = batch {
        return alone.start_span();
    }
    let queue = batch.first().map_or("none", |delivery| delivery.queue.as_str());
    let count = i64::try_from(batch.len()).unwrap_or(i64::MAX);
    let facts = vec![
        KeyValue::new("messaging.system", "aws_sqs"),
        KeyValue::new("messaging.operation.type", "process"),
        KeyValue::new("messaging.destination.name", queue.to_owned()),
        KeyValue::new("messaging.batch.message_count", count),
    ];
    let work = TracedSpan::begin(SpanKind::Consumer, format!("process {queue}"), facts);
    batch.iter().fold(work, |work, delivery| work.add_link(&delivery.parent_context()))
}

impl<H: BatchConsumer, C: Clock> WholeBatch<H, C> {
    /// How each of the events ended.
    async fn all(&self, events: &[Envelope<H::Event>], deadline: Timestamp) -> Vec<Outcome> {
        if events.is_empty() {
            return Vec::new();
        }
        let together = self.attempt(events, deadline).await;
        let to_blame = matches!(together, Ok(Outcome::DeadLetter { .. }) | Err(AttemptFailure::Panicked));
        if events.len() == 1 || !to_blame {
            return vec![together.unwrap_or_else(Outcome::from); events.len()];
        }
        let mut ended = Vec::with_capacity(events.len());
        for alone in events.chunks(1) {
            ended.push(self.attempt(alone, deadline).await.unwrap_or_else(Outcome::from));
        }
        ended
    }

    async fn attempt(
        &self,
        events: &[Envelope<H::Event>],
        deadline: Timestamp,
    ) -> Result<Outcome, AttemptFailure> {
        let span = tracing::info_span!("messages", count = events.len());
        let left = deadline.duration_since(self.clock.now());
        // Boxed: the compiler gives up on futures nested so deeply.
        let work = Box::pin(self.consumer.handle(events));
        attempt(work, (left, self.longest), &self.clock).instrument(span).await
    }
}

//! Handling a batch record by record: several at once, none in another's way.

use std::future::Future;
use std::time::Duration;

use futures::stream::{self, StreamExt};
use serde::de::DeserializeOwned;
use tracing::Instrument;

use super::{BatchHandler, Delivery, Outcome};
use crate::kit::command::Envelope;
use crate::kit::queue::consumer::guard::{attempt, read};
use crate::kit::system::clock::{Clock, Timestamp};

/// Handles one event of a queue.
pub trait Consumer: Send + Sync {
    /// The events that it understands. What does not read as one is dead at once.
    type Event: DeserializeOwned + Send;

    /// Handles the event.
    fn handle(
        &self,
        event: Envelope<Self::Event>,
        delivery: &Delivery,
    ) -> impl Future<Output = Outcome> + Send;
}

/// Gives a consumer its records one by one.
#[derive(Debug, Clone)]
pub struct PerRecord<H, C> {
    /// Handles them.
    pub consumer: H,
    /// Tells when it gets late.
    pub clock: C,
    /// How many records are handled at once.
    pub concurrency: usize,
    /// How long a record may take; what could not finish before the deadline is not begun.
    pub max_duration: Duration,
}

impl<H: Consumer, C: Clock> BatchHandler for PerRecord<H, C> {
    async fn handle(&self, batch: Vec<Delivery>, deadline: Timestamp) -> Vec<Outcome> {
        stream::iter(batch)
            .map(|delivery| self.one(delivery, deadline))
            .buffered(self.concurrency.max(1))
            .collect()
            .await
    }
}

impl<H: Consumer, C: Clock> PerRecord<H, C> {
    async fn one(&self, delivery: Delivery, deadline: Timestamp) -> Outcome {
        let event = match read::<H::Event>(&delivery) {
            Ok(event) => event,
            Err(dead) => return dead,
        };
        let span = tracing::info_span!(
            "message",
            messageId = delivery.message_id,
            correlationId = %event.correlation_id,
            eventId = %event.id
        );
        let traced = delivery.start_span();
        let work = traced.in_span(self.consumer.handle(event, &delivery).instrument(span));
        let left = deadline.duration_since(self.clock.now());
        let ended = attempt(work, (left, self.max_duration), &self.clock).await;
        traced.end(ended == Ok(Outcome::Done));
        ended.unwrap_or_else(Outcome::from)
    }
}

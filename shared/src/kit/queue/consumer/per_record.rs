//! Handles a batch record by record: concurrently and independently.

use std::future::Future;
use std::time::Duration;

use futures::stream::{self, StreamExt};
use serde::de::DeserializeOwned;
use tracing::Instrument;

use super::parse_event::parse_event;
use super::{BatchHandler, Delivery, Outcome};
use crate::kit::command::Envelope;
use crate::kit::queue::consumer::guard::attempt;
use crate::kit::system::clock::{Clock, Timestamp};

/// Handles the events of a queue one by one.
pub trait Consumer: Send + Sync {
    /// Type of the events. A message that cannot be parsed as one is dead-lettered at once.
    type Event: DeserializeOwned + Send;

    /// Handles an event.
    fn handle(
        &self,
        event: Envelope<Self::Event>,
        delivery: &Delivery,
    ) -> impl Future<Output = Outcome> + Send;
}

/// Passes records to a consumer one by one.
#[derive(Debug, Clone)]
pub struct PerRecord<H, C> {
    /// Consumer of the records.
    pub consumer: H,
    /// Clock for the deadline.
    pub clock: C,
    /// Number of records that are handled concurrently.
    pub concurrency: usize,
    /// Maximum duration of handling a record. A record is not started if less time is left before the
    /// deadline.
    pub max_duration: Duration,
}

impl<H, C> PerRecord<H, C> {
    /// Replaces the clock for the deadline.
    pub fn with_clock<D: Clock>(self, clock: D) -> PerRecord<H, D> {
        let Self { consumer, concurrency, max_duration, .. } = self;
        PerRecord { consumer, clock, concurrency, max_duration }
    }
}

impl<H: Consumer, C: Clock> BatchHandler for PerRecord<H, C> {
    async fn handle(&self, batch: Vec<Delivery>, deadline: Timestamp) -> Vec<Outcome> {
        stream::iter(batch)
            .map(|delivery| self.handle_record(delivery, deadline))
            .buffered(self.concurrency.max(1))
            .collect()
            .await
    }
}

impl<H: Consumer, C: Clock> PerRecord<H, C> {
    async fn handle_record(&self, delivery: Delivery, deadline: Timestamp) -> Outcome {
        let event = match parse_event::<H::Event>(&delivery.body) {
            Ok(event) => event,
            Err(error) => return error.into(),
        };
        let span = tracing::info_span!(
            "message",
            messageId = delivery.message_id,
            correlationId = %event.correlation_id,
            eventId = %event.id
        );
        let consumer_span = delivery.start_span();
        delivery.entity_id(&event.subject).into_iter().for_each(|id| consumer_span.set_attribute(id));
        let work = consumer_span.in_span(self.consumer.handle(event, &delivery).instrument(span));
        let left = deadline.duration_since(self.clock.now());
        let outcome = attempt(work, left, self.max_duration, &self.clock).await.unwrap_or_else(Outcome::from);
        outcome.end_span(&consumer_span);
        outcome
    }
}

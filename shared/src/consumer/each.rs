//! Handling a batch record by record: several at once, none in another's way.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::future::{Either, select};
use futures::stream::{self, StreamExt};
use futures::{FutureExt, pin_mut};
use serde::de::DeserializeOwned;
use tracing::Instrument;

use super::{BatchHandler, Delivery, Outcome};
use crate::clock::{Clock, Timestamp};
use crate::command::Envelope;

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
pub struct Each<H, C> {
    /// Handles them.
    pub consumer: H,
    /// Tells when it gets late.
    pub clock: C,
    /// How many records are handled at once.
    pub concurrency: usize,
    /// How long a record may take; what could not finish before the deadline is not begun.
    pub longest: Duration,
}

impl<H: Consumer, C: Clock> BatchHandler for Each<H, C> {
    async fn handle(&self, batch: Vec<Delivery>, deadline: Timestamp) -> Vec<Outcome> {
        stream::iter(batch)
            .map(|delivery| self.one(delivery, deadline))
            .buffered(self.concurrency.max(1))
            .collect()
            .await
    }
}

impl<H: Consumer, C: Clock> Each<H, C> {
    async fn one(&self, delivery: Delivery, deadline: Timestamp) -> Outcome {
        let left = deadline.since(self.clock.now());
        if left < self.longest {
            return Outcome::Retry { after: Some(Duration::ZERO), reason: "handed back before the deadline" };
        }
        let event = match serde_json::from_str::<Envelope<H::Event>>(&delivery.body) {
            Ok(event) => event,
            // serde's message may quote the body; its category and place do not.
            Err(error) => {
                let reason = format!(
                    "the message does not read: {:?} error, column {}",
                    error.classify(),
                    error.column()
                );
                return Outcome::Permanent { reason };
            }
        };
        let span = tracing::info_span!(
            "message",
            messageId = delivery.message_id,
            correlationId = %event.correlation_id,
            eventId = %event.id
        );
        let work = AssertUnwindSafe(self.consumer.handle(event, &delivery)).catch_unwind().instrument(span);
        let late = self.clock.sleep(left);
        pin_mut!(work, late);
        match select(work, late).await {
            Either::Left((Ok(outcome), _)) => outcome,
            Either::Left((Err(_), _)) => Outcome::Retry { after: None, reason: "the handler panicked" },
            Either::Right(_) => Outcome::Retry { after: None, reason: "the handler took too long" },
        }
    }
}

//! What is due by the clock: orders that were not paid in time, and events that the stream missed.
//!
//! Each tick takes what is due, page by page, until there is no more or its time is up; the next tick goes on. Two ticks
//! at once do no harm: expiring an order is guarded by its version, and an event that is published twice is acted on
//! once.

mod expiry;
mod stragglers;

use shared::clock::{Clock, SystemClock, SystemEntropy, Timestamp};
use shared::command::{Cause, CorrelationId, Store};
use shared::dynamodb::outbox::Outbox;
use shared::relay::{Relay, Routes};
use shared::repository::order::OrderReader;
use shared::runtime::{Error, ScheduleHandler};

/// Sweeps up what is due.
#[derive(Debug)]
pub struct Sweeper<S, Q, R, C = SystemClock> {
    store: S,
    reader: Q,
    outbox: Outbox,
    relay: Relay<R>,
    clock: C,
}

/// How much was swept up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Orders that were expired.
    pub expired: usize,
    /// Events that were published.
    pub published: usize,
}

/// How many items a page has.
const PAGE: u32 = 100;

impl<S: Store, Q: OrderReader, R: Routes> Sweeper<S, Q, R> {
    /// On these adapters.
    pub const fn new(store: S, reader: Q, outbox: Outbox, relay: Relay<R>) -> Self {
        Self { store, reader, outbox, relay, clock: SystemClock }
    }
}

impl<S: Store, Q: OrderReader, R: Routes, C: Clock> ScheduleHandler for Sweeper<S, Q, R, C> {
    async fn tick(&self, deadline: Timestamp) -> Result<(), Error> {
        let cause = Cause::new(CorrelationId::generate(&SystemEntropy), self.clock.now());
        // One failing does not keep the other from being done.
        let expired = self.expire_orders(&cause, deadline).await;
        let published = self.publish_stragglers(&cause, deadline).await;
        let swept = Swept { expired: expired?, published: published? };
        tracing::info!(expired = swept.expired, published = swept.published, "swept");
        Ok(())
    }
}

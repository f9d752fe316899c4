//! What is due by the clock: orders that were not paid in time, jobs whose time has come, events that the stream missed, and
//! comparing the payment gateway's books with ours.
//!
//! Each tick takes what is due, page by page, until there is no more or its time is up; the next tick goes on. Two ticks
//! at once do no harm: expiring an order and releasing a job are guarded by their versions, and an event that is published twice is acted on
//! once.

mod due;
mod expiry;
mod jobs;
mod missed_events;
pub mod reconciliation;

use shared::kit::aws::dynamodb::write::outbox::Outbox;
use shared::kit::command::{CommandContext, CorrelationId, Store};
use shared::kit::queue::relay::{EventRouter, Relay};
use shared::kit::runtime::{Error, ScheduleHandler};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy, Timestamp};
use shared::payment_gateway::{PaymentGateway, PaymentLedger};
use shared::repository::job::JobReader;
use shared::repository::order::OrderReader;
use shared::repository::payment::discrepancy::DiscrepancyReader;

use reconciliation::Reconciliation;

/// Sweeps up what is due.
#[derive(Debug)]
pub struct Sweeper<S, Q, R, G, C = SystemClock> {
    store: S,
    reader: Q,
    outbox: Outbox,
    relay: Relay<R>,
    reconciliation: Reconciliation<S, G>,
    clock: C,
}

/// How much was swept up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SweepSummary {
    /// Orders that were expired.
    pub expired: usize,
    /// Jobs that were released.
    pub released: usize,
    /// Events that were published.
    pub published: usize,
}

/// How many items a page has.
const PAGE: u32 = 100;

impl<S: Store, Q: OrderReader, R: EventRouter, G> Sweeper<S, Q, R, G> {
    /// On these adapters.
    pub fn new(reader: Q, outbox: Outbox, relay: Relay<R>, reconciliation: Reconciliation<S, G>) -> Self {
        let store = reconciliation.store.clone();
        Self { store, reader, outbox, relay, reconciliation, clock: SystemClock }
    }
}

impl<S, Q, R, G, C> Sweeper<S, Q, R, G, C> {
    /// The same, in the time given.
    pub fn at<D: Clock>(self, clock: D) -> Sweeper<S, Q, R, G, D> {
        let Self { store, reader, outbox, relay, reconciliation, .. } = self;
        Sweeper { store, reader, outbox, relay, reconciliation, clock }
    }
}

impl<S, Q, R, G, C> ScheduleHandler for Sweeper<S, Q, R, G, C>
where
    S: Store,
    Q: OrderReader + JobReader + DiscrepancyReader,
    R: EventRouter,
    G: PaymentGateway + PaymentLedger,
    C: Clock,
{
    async fn tick(&self, deadline: Timestamp) -> Result<(), Error> {
        let cause = CommandContext::new(CorrelationId::generate(&SystemEntropy), self.clock.now());
        // One failing does not keep the other from being done.
        let expired = self.expire_orders(&cause, deadline).await;
        let released = self.release_jobs(&cause, deadline).await;
        let published = self.publish_missed_events(&cause, deadline).await;
        // Nor does a gateway that is down: the next tick goes on from the same page.
        match self.reconciliation.tick(&cause, (&self.clock, deadline)).await {
            Ok(reconciled) => tracing::info!(?reconciled, "compared books with the payment gateway"),
            Err(error) => tracing::warn!(%error, "books are compared with the payment gateway later"),
        }
        if let Err(error) = self.reconciliation.review(&self.reader, &cause, (&self.clock, deadline)).await {
            tracing::warn!(%error, "what differs is looked at again later");
        }
        let swept = SweepSummary { expired: expired?, released: released?, published: published? };
        tracing::info!(
            expired = swept.expired,
            released = swept.released,
            published = swept.published,
            "swept"
        );
        Ok(())
    }
}

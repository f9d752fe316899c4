//! Scheduled work: expires unpaid orders, releases scheduled jobs, resumes orders and jobs that have stopped,
//! publishes events that the stream missed or stores them as dead letters, measures unfinished work, reconciles
//! payments and refunds with the gateway, and erases delivery addresses.
//!
//! Each tick processes due items page by page until none is left or its deadline is near; the next tick
//! continues. Concurrent ticks are safe: changes of orders and jobs are guarded by their versions, and
//! dead letters by idempotency records; consumers handle a duplicate event once.

mod addresses;
mod backlog;
mod due;
mod expiry;
mod jobs;
mod missed_events;
mod quarantine;
pub mod reconciliation;
mod unfinished;

use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::aws::dynamodb::write::outbox::Outbox;
use shared::kit::command::{CommandContext, CorrelationId, Store};
use shared::kit::queue::relay::{EventRouter, Relay};
use shared::kit::runtime::{Error, ScheduleHandler};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy, Timestamp};
use shared::payment_gateway::{PaymentGateway, PaymentLedger};

use reconciliation::Reconciliation;

/// Handler of the schedule.
#[derive(Debug)]
pub struct Sweeper<S, R, G, C = SystemClock> {
    store: S,
    reader: DynamoReader,
    outbox: Outbox,
    relay: Relay<R>,
    reconciliation: Reconciliation<S, G>,
    clock: C,
}

/// Counts of a tick.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SweepSummary {
    /// Orders that were expired.
    pub expired: usize,
    /// Jobs that were released.
    pub released: usize,
    /// Orders and jobs that were resumed.
    pub resumed: usize,
    /// Events that were published.
    pub published: usize,
    /// Delivery addresses that were examined, and erased if they were to be.
    pub examined: usize,
}

/// Maximum number of items of a page.
const PAGE_SIZE: u32 = 100;

impl<S: Store, R: EventRouter, G> Sweeper<S, R, G> {
    /// Creates a sweeper on these adapters.
    pub fn new(
        reader: DynamoReader,
        outbox: Outbox,
        relay: Relay<R>,
        reconciliation: Reconciliation<S, G>,
    ) -> Self {
        let store = reconciliation.store.clone();
        Self { store, reader, outbox, relay, reconciliation, clock: SystemClock }
    }
}

impl<S, R, G, C> Sweeper<S, R, G, C> {
    /// Replaces the clock.
    pub fn with_clock<D: Clock>(self, clock: D) -> Sweeper<S, R, G, D> {
        let Self { store, reader, outbox, relay, reconciliation, .. } = self;
        Sweeper { store, reader, outbox, relay, reconciliation, clock }
    }
}

impl<S, R, G, C> Sweeper<S, R, G, C>
where
    S: Store,
    R: EventRouter,
    G: PaymentGateway + PaymentLedger,
    C: Clock,
{
    /// Compares payments, open discrepancies and refunds with the gateway.
    async fn reconcile(&self, context: &CommandContext, deadline: Timestamp) {
        // If the gateway is down, the next tick continues from the same page.
        match self.reconciliation.tick(context, &self.clock, deadline).await {
            Ok(summary) => tracing::info!(
                compared = summary.compared,
                repaired = summary.repaired,
                mismatched = summary.mismatched,
                "payments reconciled"
            ),
            Err(error) => tracing::warn!(%error, "failed to reconcile payments"),
        }
        if let Err(error) =
            self.reconciliation.recheck_open(&self.reader, context, &self.clock, deadline).await
        {
            tracing::warn!(%error, "failed to recheck open discrepancies");
        }
        if let Err(error) =
            self.reconciliation.check_refunds(&self.reader, context, &self.clock, deadline).await
        {
            tracing::warn!(%error, "failed to check refunds");
        }
    }
}

impl<S, R, G, C> ScheduleHandler for Sweeper<S, R, G, C>
where
    S: Store,
    R: EventRouter,
    G: PaymentGateway + PaymentLedger,
    C: Clock,
{
    async fn tick(&self, deadline: Timestamp) -> Result<(), Error> {
        let context = CommandContext::new(CorrelationId::generate(&SystemEntropy), self.clock.now());
        // A failing task does not prevent the others.
        let expired = self.expire_orders(&context, deadline).await;
        let released = self.release_jobs(&context, deadline).await;
        let resumed_orders = self.resume_orders(&context, deadline).await;
        let resumed_jobs = self.resume_jobs(&context, deadline).await;
        let published = self.publish_missed_events(&context, deadline).await;
        let examined = self.erase_addresses(&context, deadline).await;
        if let Err(error) = self.record_backlog(context.at).await {
            tracing::warn!(%error, "failed to measure the backlog");
        }
        self.reconcile(&context, deadline).await;
        let resumed = resumed_orders? + resumed_jobs?;
        let (expired, released, published, examined) = (expired?, released?, published?, examined?);
        let summary = SweepSummary { expired, released, resumed, published, examined };
        tracing::info!(
            expired = summary.expired,
            released = summary.released,
            resumed = summary.resumed,
            published = summary.published,
            examined_addresses = summary.examined,
            "sweep finished"
        );
        Ok(())
    }
}

//! Maintains the totals: entries per list, sales per market, and sales per day.
//!
//! An event only names an entity that may have changed. [`shared::projections::tally`] derives the totals
//! from the current entity and from its tally, which records what was counted before. Events may therefore be
//! duplicated, late, out of order or lost, as long as a later one of the same entity arrives.

mod event;

use std::time::Duration;

use shared::kit::command::{CommandContext, CorrelationId, Envelope, ExecuteError, Store, StoreError};
use shared::kit::queue::consumer::whole_batch::BatchConsumer;
use shared::kit::queue::consumer::{Outcome, WholeBatch};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy};
use shared::projections::tally::count::{CountEntities, CountError};

pub use crate::event::AnalyticsEvent;

/// Consumer that counts the entities named by the events of a queue.
#[derive(Debug, Clone)]
pub struct Analytics<S, C = SystemClock> {
    store: S,
    clock: C,
}

/// Maximum duration of a batch: a load and a commit, both repeated after each version conflict.
const MAX_DURATION: Duration = Duration::from_secs(10);

impl<S: Store> Analytics<S> {
    /// Creates a consumer that counts in `store`.
    #[must_use]
    pub const fn new(store: S) -> Self {
        Self { store, clock: SystemClock }
    }

    /// Replaces the system clock.
    pub fn with_clock<C: Clock>(self, clock: C) -> Analytics<S, C> {
        Analytics { store: self.store, clock }
    }
}

impl<S, C> Analytics<S, C> {
    /// Converts it into a batch handler: one load and one commit for all entities of a batch.
    pub const fn into_handler(self) -> WholeBatch<Self, SystemClock> {
        WholeBatch { consumer: self, clock: SystemClock, max_duration: MAX_DURATION }
    }
}

impl<S: Store, C: Clock> BatchConsumer for Analytics<S, C> {
    type Event = AnalyticsEvent;

    async fn handle(&self, events: &[Envelope<AnalyticsEvent>]) -> Outcome {
        let mut count = CountEntities::default();
        for event in events {
            event.event.add_to(&mut count);
        }
        // Totals have no subscribers, so the commit gets a correlation id of its own.
        let context = CommandContext::new(CorrelationId::generate(&SystemEntropy), self.clock.now());
        match self.store.execute(count, &context).await {
            Ok(_) => Outcome::Done,
            Err(error) => outcome(&error),
        }
    }
}

fn outcome(error: &ExecuteError<CountError>) -> Outcome {
    let retry = |reason| Outcome::Retry { after: None, reason };
    match error {
        ExecuteError::Refused(CountError::InconsistentRead(_)) => retry("an order changed while it was read"),
        ExecuteError::Contention | ExecuteError::InProgress => {
            retry("too many concurrent updates of the same totals")
        }
        ExecuteError::Store(StoreError::Throttled | StoreError::Unavailable(_)) => {
            retry("the table did not respond")
        }
        ExecuteError::Refused(CountError::OtherMarket)
        | ExecuteError::KeyReused
        | ExecuteError::Store(StoreError::Rejected(_) | StoreError::Malformed(_)) => {
            tracing::error!(%error, "failed to count entities");
            Outcome::DeadLetter { reason: user_message(error).to_owned() }
        }
    }
}

const fn user_message(error: &ExecuteError<CountError>) -> &'static str {
    match error {
        ExecuteError::Store(StoreError::Malformed(_)) => "the stored entity cannot be parsed",
        ExecuteError::Store(_) => "the table rejected the totals",
        _ => "the message and its order name different markets",
    }
}

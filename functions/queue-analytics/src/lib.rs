//! Counts: how many things each list has, what each market sold, and on which day.
//!
//! An event only says that an entity is to be looked at. What it counts for is decided in [`shared::projections::tally`],
//! from the entity as it is and from what was counted of it before, so that events may come twice, late, in any order,
//! or not at all as long as a later one does.

mod event;

use std::time::Duration;

use shared::kit::command::{CommandContext, CorrelationId, Envelope, ExecuteError, Store, StoreError};
use shared::kit::queue::consumer::whole_batch::BatchConsumer;
use shared::kit::queue::consumer::{Outcome, WholeBatch};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy};
use shared::projections::tally::count::{CountEntities, CountError};

pub use crate::event::Heard;

/// Counts what the events of a queue speak of.
#[derive(Debug, Clone)]
pub struct Analytics<S, C = SystemClock> {
    store: S,
    clock: C,
}

/// How long a batch takes at most: a load and a commit, and both again after each lost race.
const MAX_DURATION: Duration = Duration::from_secs(10);

impl<S: Store> Analytics<S> {
    /// Counts in `store`.
    #[must_use]
    pub const fn new(store: S) -> Self {
        Self { store, clock: SystemClock }
    }

    /// As the handler of a batch: all of its entities in one load and one commit.
    pub const fn into_handler(self) -> WholeBatch<Self, SystemClock> {
        WholeBatch { consumer: self, clock: SystemClock, longest: MAX_DURATION }
    }
}

impl<S: Store, C: Clock> BatchConsumer for Analytics<S, C> {
    type Event = Heard;

    async fn handle(&self, events: &[Envelope<Heard>]) -> Outcome {
        let mut count = CountEntities::default();
        for event in events {
            event.event.add_to(&mut count);
        }
        // Nobody hears of what is counted, so this names no work but its own.
        let cause = CommandContext::new(CorrelationId::generate(&SystemEntropy), self.clock.now());
        match self.store.execute(count, &cause).await {
            Ok(_) => Outcome::Done,
            Err(error) => outcome(&error),
        }
    }
}

fn outcome(error: &ExecuteError<CountError>) -> Outcome {
    let later = |reason| Outcome::Retry { after: None, reason };
    match error {
        ExecuteError::Refused(CountError::Torn(_)) => later("an order changed while it was read"),
        ExecuteError::Contention | ExecuteError::InProgress => later("others kept counting the same"),
        ExecuteError::Store(StoreError::Throttled | StoreError::Unavailable(_)) => {
            later("the table did not answer")
        }
        ExecuteError::Refused(CountError::OtherMarket)
        | ExecuteError::KeyReused
        | ExecuteError::Store(StoreError::Rejected(_) | StoreError::Malformed(_)) => {
            tracing::error!(%error, "entities cannot be counted");
            Outcome::DeadLetter { reason: public_words(error).to_owned() }
        }
    }
}

const fn public_words(error: &ExecuteError<CountError>) -> &'static str {
    match error {
        ExecuteError::Store(StoreError::Malformed(_)) => "the entity does not read",
        ExecuteError::Store(_) => "the table refused what was counted",
        _ => "the message names another market than its order",
    }
}

//! Fills the search index: under each term of a market or a product, a posting.
//!
//! An event only says that a document is to be looked at. What becomes of its postings is decided in
//! [`shared::projections::search_index`], from the document as it is and from what was indexed of it before, so that events may come
//! twice, late, in any order, or not at all as long as a later one does.

mod event;

use std::time::Duration;

use shared::kit::command::{Command, CommandContext, Envelope, ExecuteError, Store, StoreError};
use shared::kit::queue::consumer::per_record::Consumer;
use shared::kit::queue::consumer::{Delivery, Outcome, PerRecord};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::projections::search_index::update_index::{Embedded, IndexDocument, IndexError};
use shared::search::{EmbedError, Embedder};

pub use crate::event::Heard;

/// Indexes what the events of a queue speak of.
#[derive(Debug, Clone)]
pub struct SearchIndex<S, E, C = SystemClock> {
    store: S,
    embedder: E,
    clock: C,
}

/// How many documents of a batch are indexed at once.
const CONCURRENCY: usize = 10;
/// How long a document takes at most: a load, an embedding and a commit, and load and commit again after each lost race.
const MAX_DURATION: Duration = Duration::from_secs(18);

/// Why a document was not indexed.
#[derive(Debug)]
enum IndexFailure {
    Embed(EmbedError),
    Commit(ExecuteError<IndexError>),
}

impl<S: Store, E: Embedder> SearchIndex<S, E> {
    /// Indexes in `store` what `embedder` makes of texts.
    #[must_use]
    pub const fn new(store: S, embedder: E) -> Self {
        Self { store, embedder, clock: SystemClock }
    }

    /// As the handler of a batch: several documents at once, none in another's way.
    pub const fn into_handler(self) -> PerRecord<Self, SystemClock> {
        PerRecord { consumer: self, clock: SystemClock, concurrency: CONCURRENCY, max_duration: MAX_DURATION }
    }
}

impl<S: Store, E: Embedder, C: Clock> Consumer for SearchIndex<S, E, C> {
    type Event = Heard;

    async fn handle(&self, event: Envelope<Heard>, _: &Delivery) -> Outcome {
        let cause = CommandContext::new(event.correlation_id, self.clock.now());
        let (id, embedder) = (event.event.document(), self.embedder.name());
        match self.index(IndexDocument { id, embedder, embedded: None }, &cause).await {
            Ok(()) => Outcome::Done,
            Err(error) => outcome(&error),
        }
    }
}

impl<S: Store, E: Embedder, C: Clock> SearchIndex<S, E, C> {
    /// Looks at the document, embeds its text if it takes that, and commits what follows.
    async fn index(&self, mut index: IndexDocument, cause: &CommandContext) -> Result<(), IndexFailure> {
        let seen = self.store.load(index.reads()).await.map_err(ExecuteError::from)?;
        if let Some(passage) = index.to_embed(&seen, cause.at) {
            let embedding = self.embedder.embed(&passage).await?;
            index.embedded = Some(Embedded { digest: passage.digest(), embedding });
        }
        self.store.execute_on(seen, index, cause).await?;
        Ok(())
    }
}

impl From<EmbedError> for IndexFailure {
    fn from(error: EmbedError) -> Self {
        Self::Embed(error)
    }
}

impl From<ExecuteError<IndexError>> for IndexFailure {
    fn from(error: ExecuteError<IndexError>) -> Self {
        Self::Commit(error)
    }
}

fn outcome(error: &IndexFailure) -> Outcome {
    let later = |reason| Outcome::Retry { after: None, reason };
    match error {
        IndexFailure::Embed(EmbedError::Throttled | EmbedError::Unavailable(_)) => {
            later("the model did not answer")
        }
        IndexFailure::Commit(ExecuteError::Refused(IndexError::TextChanged)) => {
            later("the document changed while it was embedded")
        }
        IndexFailure::Commit(ExecuteError::Contention | ExecuteError::InProgress) => {
            later("others kept indexing the same")
        }
        IndexFailure::Commit(ExecuteError::Store(StoreError::Throttled | StoreError::Unavailable(_))) => {
            later("the table did not answer")
        }
        IndexFailure::Embed(EmbedError::Rejected(_))
        | IndexFailure::Commit(
            ExecuteError::KeyReused | ExecuteError::Store(StoreError::Rejected(_) | StoreError::Malformed(_)),
        ) => {
            tracing::error!(?error, "a document cannot be indexed");
            Outcome::DeadLetter { reason: public_words(error).to_owned() }
        }
    }
}

const fn public_words(error: &IndexFailure) -> &'static str {
    match error {
        IndexFailure::Embed(_) => "the model refused the document",
        IndexFailure::Commit(ExecuteError::Store(StoreError::Malformed(_))) => "the document does not read",
        IndexFailure::Commit(_) => "the table refused the postings",
    }
}

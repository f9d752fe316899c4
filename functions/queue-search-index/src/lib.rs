//! Maintains the search index, which has an entry under each term of a market or product, and the index of
//! names, which has a term for each word of the name of a market or account, or of the title of a product.
//!
//! An event only names an entity that may have changed. [`shared::projections::search_index`] and
//! [`shared::projections::name_index`] derive the entries from the current entity and from what was indexed
//! before. Events may therefore be duplicated, late, out of order or lost, as long as a later one of the same
//! entity arrives.

mod event;

use std::time::Duration;

use futures::future::try_join;
use shared::domain::values::id::Id;
use shared::kit::command::{CommandContext, Envelope, ExecuteError, Store, StoreError};
use shared::kit::queue::consumer::per_record::Consumer;
use shared::kit::queue::consumer::{Delivery, Outcome, PerRecord};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::projections::name_index::HasName;
use shared::projections::name_index::index_name::IndexName;
use shared::projections::search_index::DocumentId;
use shared::projections::search_index::update_index::{IndexDocument, IndexError};
use shared::search::{EmbedError, Embedder, IndexFailure, index_document, index_name};

pub use crate::event::SearchEvent;

/// Consumer that indexes the documents named by the events of a queue.
#[derive(Debug, Clone)]
pub struct SearchIndex<S, E, C = SystemClock> {
    store: S,
    embedder: E,
    clock: C,
}

/// Number of documents of a batch indexed concurrently.
const CONCURRENCY: usize = 10;
/// Maximum duration of a document: a load, an embedding and a commit; load and commit are repeated after each
/// version conflict.
const MAX_DURATION: Duration = Duration::from_secs(18);

impl<S: Store, E: Embedder> SearchIndex<S, E> {
    /// Creates a consumer that stores the embeddings of `embedder` in `store`.
    #[must_use]
    pub const fn new(store: S, embedder: E) -> Self {
        Self { store, embedder, clock: SystemClock }
    }

    /// Replaces the clock.
    #[must_use]
    pub fn with_clock<C: Clock>(self, clock: C) -> SearchIndex<S, E, C> {
        SearchIndex { store: self.store, embedder: self.embedder, clock }
    }
}

impl<S, E, C> SearchIndex<S, E, C> {
    /// Converts it into a batch handler that indexes the documents of a batch concurrently.
    pub const fn into_handler(self) -> PerRecord<Self, SystemClock> {
        PerRecord { consumer: self, clock: SystemClock, concurrency: CONCURRENCY, max_duration: MAX_DURATION }
    }
}

impl<S: Store, E: Embedder, C: Clock> Consumer for SearchIndex<S, E, C> {
    type Event = SearchEvent;

    async fn handle(&self, event: Envelope<SearchEvent>, _: &Delivery) -> Outcome {
        let context = CommandContext::new(event.correlation_id, self.clock.now());
        let indexed = match event.event {
            SearchEvent::Market { market_id } => {
                self.index_document_with_name(DocumentId::Market(market_id), market_id, &context).await
            }
            SearchEvent::Product { product_id } => {
                self.index_document_with_name(DocumentId::Product(product_id), product_id, &context).await
            }
            SearchEvent::User { user_id } => {
                index_name(&self.store, IndexName::update(user_id), &context).await
            }
        };
        match indexed {
            Ok(()) => Outcome::Done,
            Err(error) => outcome(&error),
        }
    }
}

impl<S: Store, E: Embedder, C: Clock> SearchIndex<S, E, C> {
    async fn index_document_with_name<N: HasName>(
        &self,
        document: DocumentId,
        id: Id<N>,
        context: &CommandContext,
    ) -> Result<(), IndexFailure> {
        let document = self.index_document(document, context);
        try_join(document, index_name(&self.store, IndexName::update(id), context)).await.map(|((), ())| ())
    }

    async fn index_document(&self, id: DocumentId, context: &CommandContext) -> Result<(), IndexFailure> {
        let index = IndexDocument::update(id, self.embedder.name());
        index_document(&self.store, &self.embedder, index, context).await
    }
}

fn outcome(error: &IndexFailure) -> Outcome {
    let retry = |reason| Outcome::Retry { after: None, reason };
    match error {
        IndexFailure::Embed(EmbedError::Throttled | EmbedError::Unavailable(_)) => {
            retry("the model did not respond")
        }
        IndexFailure::Embed(EmbedError::CircuitOpen(open)) => {
            Outcome::Retry { after: Some(open.retry_after), reason: "the model does not respond" }
        }
        IndexFailure::Commit(ExecuteError::Refused(IndexError::TextChanged)) => {
            retry("the document changed while it was embedded")
        }
        IndexFailure::Commit(ExecuteError::Contention | ExecuteError::InProgress) => {
            retry("too many concurrent updates of the same document")
        }
        IndexFailure::Commit(ExecuteError::Store(StoreError::Throttled | StoreError::Unavailable(_))) => {
            retry("the table did not respond")
        }
        IndexFailure::Embed(EmbedError::Rejected(_))
        | IndexFailure::Commit(
            ExecuteError::KeyReused | ExecuteError::Store(StoreError::Rejected(_) | StoreError::Malformed(_)),
        ) => {
            tracing::error!(%error, "failed to index document");
            Outcome::DeadLetter { reason: user_message(error).to_owned() }
        }
    }
}

const fn user_message(error: &IndexFailure) -> &'static str {
    match error {
        IndexFailure::Embed(_) => "the model rejected the document",
        IndexFailure::Commit(ExecuteError::Store(StoreError::Malformed(_))) => {
            "the stored document cannot be parsed"
        }
        IndexFailure::Commit(_) => "the table rejected the index entries",
    }
}

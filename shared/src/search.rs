//! Full-text search: the index finds candidates by term, and similarity ranks them.
//!
//! [`crate::projections::search_index`] selects and ranks the results; an [`Embedder`] converts texts to
//! embeddings. The cost of a search depends on its terms, not on the number of documents.

mod cached_search;
mod configured_embedder;
pub mod embedder;
mod hashing_embedder;
mod index_document;
mod titan_embedder;

pub use cached_search::CachedSearch;
pub use configured_embedder::ConfiguredEmbedder;
pub use embedder::{EmbedError, Embedder};
pub use hashing_embedder::HashingEmbedder;
pub use index_document::{IndexFailure, index_document, index_name};
pub use titan_embedder::TitanEmbedder;

use std::future::Future;

use strum::VariantArray as _;

use crate::domain::values::text::Text;
use crate::kit::aws::dynamodb::DynamoReader;
use crate::kit::command::StoreError;
use crate::kit::error::ApiError;
use crate::kit::resilience::http_client::CallError;
use crate::projections::search_index::rank::{Ranked, rank};
use crate::projections::search_index::{DocumentKind, DocumentText, Similarity, Term};
use crate::repository::projections::search::SearchResultItem;

/// Text of a search query.
pub type QueryText = Text<200>;

/// Search query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchQuery {
    /// Text to search for.
    pub text: QueryText,
    /// Kind of documents; `None` for all kinds.
    pub kind: Option<DocumentKind>,
    /// Maximum number of hits.
    pub limit: usize,
}

/// Search result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Similarity to the query.
    pub score: Similarity,
    /// The document found.
    pub item: SearchResultItem,
}

/// Error of a search.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SearchError {
    /// The query could not be embedded.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// The index could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Executes search queries. Implementations return [`SearchError`] only if the index or the embedder fails.
pub trait Searcher: Clone + Send + Sync + 'static {
    /// Returns the public results of the query, the most similar first.
    fn search(&self, query: &SearchQuery) -> impl Future<Output = Result<Vec<Hit>, SearchError>> + Send;
}

/// Maximum number of reads of candidates: if some of the first are not public, the next candidates replace
/// them, once.
const MAX_ROUNDS: usize = 2;

/// Searcher on the index in the table.
#[derive(Debug, Clone)]
pub struct Search<E> {
    reader: DynamoReader,
    embedder: E,
}

impl<E: Embedder> Search<E> {
    /// Creates a searcher. `embedder` must be the one that fills the index.
    #[must_use]
    pub const fn new(reader: DynamoReader, embedder: E) -> Self {
        Self { reader, embedder }
    }

    /// Returns the documents with a term of the query, ranked.
    async fn candidates(&self, query: &SearchQuery) -> Result<Vec<Ranked>, SearchError> {
        let terms = Term::query_terms(query.text.as_str());
        if terms.is_empty() {
            return Ok(Vec::new());
        }
        let kinds = query.kind.as_ref().map_or(DocumentKind::VARIANTS, std::slice::from_ref);
        let passage = DocumentText::of_query(query.text.as_str());
        let entries = self.reader.term_entries(self.embedder.name(), kinds, &terms);
        let entries = async { entries.await.map_err(SearchError::from) };
        // Polled first, so that the table is not read while the circuit is open.
        let query_embedding = async { self.embedder.embed(&passage).await.map_err(SearchError::from) };
        let (query_embedding, entries) = futures::try_join!(query_embedding, entries)?;
        Ok(rank(entries, &query_embedding))
    }
}

impl<E: Embedder> Searcher for Search<E> {
    async fn search(&self, query: &SearchQuery) -> Result<Vec<Hit>, SearchError> {
        let candidates = self.candidates(query).await?;
        let mut hits = Vec::new();
        for round in candidates.chunks(query.limit.max(1)).take(MAX_ROUNDS) {
            let found = self.reader.public(round).await?;
            let public = round
                .iter()
                .zip(found)
                .filter_map(|(candidate, found)| Some(Hit { score: candidate.score, item: found? }));
            hits.extend(public);
            if hits.len() >= query.limit {
                break;
            }
        }
        hits.truncate(query.limit);
        Ok(hits)
    }
}

impl From<SearchError> for ApiError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Store(error) => error.into(),
            SearchError::Embed(error @ EmbedError::Rejected(_)) => Self::internal(error),
            SearchError::Embed(EmbedError::CircuitOpen(open)) => CallError::from(open).into(),
            SearchError::Embed(error) => Self::unavailable(error),
        }
    }
}

//! Search: what somebody asks for in words, found by the index and put in order by similarity.
//!
//! What is found, and in which order, is decided in [`crate::projections::search_index`]; how a text becomes an embedding is up to an
//! [`Embedder`]. A search costs what its terms cost, however much there is to be found.

mod cached_search;
pub mod embedder;
mod hashing_embedder;
mod titan_embedder;

pub use cached_search::CachedSearch;
pub use embedder::{ConfiguredEmbedder, EmbedError, Embedder};
pub use hashing_embedder::HashingEmbedder;
pub use titan_embedder::TitanEmbedder;

use std::future::Future;

use crate::domain::values::text::Text;
use crate::kit::command::StoreError;
use crate::kit::error::ApiError;
use crate::projections::search_index::rank::{Ranked, rank};
use crate::projections::search_index::{DocumentKind, DocumentText, Similarity, Term};
use crate::repository::projections::search::{IndexReader, SearchResultItem};

/// What people ask for, in words.
pub type QueryText = Text<200>;

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchQuery {
    /// In words.
    pub wanted: QueryText,
    /// What kind of thing; `None`: any.
    pub kind: Option<DocumentKind>,
    /// How many at most.
    pub limit: usize,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// How similar to what was asked for.
    pub score: Similarity,
    /// What it is.
    pub found: SearchResultItem,
}

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SearchError {
    /// The words could not be embedded.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// The index could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Answers questions. Implementations return [`SearchError`] when the index or the embedder does not answer, and nothing
/// else: nothing found is an empty answer.
pub trait Searcher: Clone + Send + Sync + 'static {
    /// What everybody may see of what was asked for, the most similar first.
    fn search(&self, question: &SearchQuery) -> impl Future<Output = Result<Vec<Hit>, SearchError>> + Send;
}

/// How often winners are read: when some of the first must not be shown, the next take their places, once.
const ROUNDS: usize = 2;

/// Answers from an index.
#[derive(Debug, Clone)]
pub struct Search<Q, E> {
    reader: Q,
    embedder: E,
}

impl<Q: IndexReader, E: Embedder> Search<Q, E> {
    /// On this index, with the embedder that fills it.
    #[must_use]
    pub const fn new(reader: Q, embedder: E) -> Self {
        Self { reader, embedder }
    }

    /// The candidates in their order: what the terms of the question lead to.
    async fn candidates(&self, question: &SearchQuery) -> Result<Vec<Ranked>, SearchError> {
        let terms = Term::query_terms(question.wanted.as_str());
        if terms.is_empty() {
            return Ok(Vec::new());
        }
        let kinds = question.kind.as_ref().map_or(DocumentKind::ALL, std::slice::from_ref);
        let passage = DocumentText::of_query(question.wanted.as_str());
        let postings = self.reader.postings(self.embedder.name(), kinds, &terms);
        let (postings, asked) = futures::join!(postings, self.embedder.embed(&passage));
        Ok(rank(postings?, &asked?))
    }
}

impl<Q: IndexReader, E: Embedder> Searcher for Search<Q, E> {
    async fn search(&self, question: &SearchQuery) -> Result<Vec<Hit>, SearchError> {
        let candidates = self.candidates(question).await?;
        let mut hits = Vec::new();
        for round in candidates.chunks(question.limit.max(1)).take(ROUNDS) {
            let found = self.reader.public(round).await?;
            let shown = round
                .iter()
                .zip(found)
                .filter_map(|(candidate, found)| Some(Hit { score: candidate.score, found: found? }));
            hits.extend(shown);
            if hits.len() >= question.limit {
                break;
            }
        }
        hits.truncate(question.limit);
        Ok(hits)
    }
}

impl From<SearchError> for ApiError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Store(error) => error.into(),
            SearchError::Embed(error @ EmbedError::Rejected(_)) => Self::internal(error),
            SearchError::Embed(error) => Self::unavailable(error),
        }
    }
}

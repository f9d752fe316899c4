//! Ranking of search results.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::document::DocumentId;
use super::embedding::{Embedding, Similarity};
use crate::domain::market::MarketId;
use crate::projections::search_index::term_entry::TermEntry;

/// Search result with its score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranked {
    /// Id of the document.
    pub id: DocumentId,
    /// Id of the market, or of the product's market.
    pub market_id: MarketId,
    /// Similarity to the query.
    pub score: Similarity,
}

/// Ranks the candidates, without duplicates, by descending similarity; candidates of equal similarity are
/// sorted by creation time, newest first.
#[must_use]
pub fn rank(candidates: Vec<TermEntry>, query: &Embedding) -> Vec<Ranked> {
    let unique: BTreeMap<DocumentId, TermEntry> =
        candidates.into_iter().map(|entry| (entry.id, entry)).collect();
    let mut ranked: Vec<Ranked> = unique
        .into_values()
        .map(|TermEntry { id, market_id, embedding }| Ranked {
            id,
            market_id,
            score: embedding.similarity(query),
        })
        .collect();
    ranked.sort_by_key(|candidate| Reverse((candidate.score, candidate.id)));
    ranked
}

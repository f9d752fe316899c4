//! The order of what was found.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::document::DocumentId;
use super::embedding::{Embedding, Similarity};
use crate::domain::market::MarketId;
use crate::projections::search_index::term_entry::TermEntry;

/// A candidate in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranked {
    /// Which.
    pub id: DocumentId,
    /// The market that it is, or that it is in.
    pub market_id: MarketId,
    /// How similar to what was asked for.
    pub score: Similarity,
}

/// Candidates, each once, the most similar first; of those that are alike the one that was made last.
#[must_use]
pub fn rank(candidates: Vec<TermEntry>, asked: &Embedding) -> Vec<Ranked> {
    let each: BTreeMap<DocumentId, TermEntry> =
        candidates.into_iter().map(|posting| (posting.id, posting)).collect();
    let mut ranked: Vec<Ranked> = each
        .into_values()
        .map(|TermEntry { id, market_id, embedding }| Ranked {
            id,
            market_id,
            score: embedding.similarity(asked),
        })
        .collect();
    ranked.sort_by_key(|candidate| Reverse((candidate.score, candidate.id)));
    ranked
}

//! Term entries: the documents of each term.

use serde::{Deserialize, Serialize};

use super::document::{DocumentId, DocumentKind};
use super::embedding::Embedding;
use super::terms::{Term, Weight};
use crate::domain::market::MarketId;

/// Embedder that computed an embedding. Embeddings of different embedders cannot be compared, so each
/// embedder has its own index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EmbedderName {
    /// Hashed words and trigrams, computed in the function itself.
    #[serde(rename = "hashed-1")]
    Hashed,
    /// Titan Text Embeddings V2 of Amazon Bedrock.
    #[serde(rename = "titan-2")]
    Titan,
}

impl EmbedderName {
    /// Spelling of the name in keys. If the embeddings of an embedder change, it gets a new name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hashed => "hashed-1",
            Self::Titan => "titan-2",
        }
    }
}

/// Document that contains a term, with all data needed for ranking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TermEntry {
    /// Id of the document.
    pub id: DocumentId,
    /// Id of the market, or of the product's market.
    pub market_id: MarketId,
    /// Embedding of the document's text.
    pub embedding: Embedding,
}

/// Key of a [`TermEntry`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TermEntryKey {
    /// Embedder whose index contains the entry.
    pub embedder: EmbedderName,
    /// Term.
    pub term: Term,
    /// Weight of the term in the document.
    pub weight: Weight,
    /// Id of the document.
    pub id: DocumentId,
}

impl TermEntryKey {
    /// Partition of a term's entries for documents of one kind.
    #[must_use]
    pub fn partition(embedder: EmbedderName, kind: DocumentKind, term: &Term) -> String {
        format!("term#{}#{kind}#{term}", embedder.as_str())
    }
}

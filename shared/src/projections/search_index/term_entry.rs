//! Postings: under each term, who has it.

use serde::{Deserialize, Serialize};

use super::document::{DocumentId, DocumentKind};
use super::embedding::Embedding;
use super::terms::{Term, Weight};
use crate::domain::market::MarketId;

/// Who made an embedding. Those of different makers cannot be compared, so each maker has an index to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EmbedderName {
    /// Hashed words and trigrams, made in the function itself.
    #[serde(rename = "hashed-1")]
    Hashed,
    /// Titan Text Embeddings V2 of Amazon Bedrock.
    #[serde(rename = "titan-2")]
    Titan,
}

impl EmbedderName {
    /// The name as keys have it. A change of what an embedder makes of a text is another name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hashed => "hashed-1",
            Self::Titan => "titan-2",
        }
    }
}

/// A document that has a term, with all that ranking needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TermEntry {
    /// Which.
    pub id: DocumentId,
    /// The market that it is, or that it is in.
    pub market_id: MarketId,
    /// What it is about.
    pub embedding: Embedding,
}

/// What finds a [`Posting`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TermEntryKey {
    /// In whose index.
    pub embedder: EmbedderName,
    /// Under which term.
    pub term: Term,
    /// How far up.
    pub weight: Weight,
    /// Of which document.
    pub id: DocumentId,
}

impl TermEntryKey {
    /// The partition of a term's postings of a kind.
    #[must_use]
    pub fn partition(embedder: EmbedderName, kind: DocumentKind, term: &Term) -> String {
        format!("term#{}#{}#{term}", embedder.as_str(), kind.as_str())
    }
}

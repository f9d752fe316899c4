//! Index entries: the indexed version and terms of each document.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::document::{Document, DocumentId};
use super::terms::{Term, Weight};
use crate::kit::command::Version;
use crate::kit::system::clock::Timestamp;
use crate::projections::search_index::term_entry::{EmbedderName, TermEntryKey};

/// Index entry of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexEntry {
    /// Id of the document.
    pub id: DocumentId,
    /// Version of the index entry, for optimistic locking.
    pub version: Version,
    /// Indexed version of the document.
    pub indexed: Indexed,
    /// Embedder whose index contains the document.
    pub embedder: EmbedderName,
    /// Digest of the indexed text; `None` if the document must not be found.
    pub digest: Option<String>,
    /// Terms of the document with their weights.
    pub terms: BTreeMap<Term, Weight>,
}

/// Indexed version of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Indexed {
    /// Version up to which the document is indexed.
    At(Version),
    /// The document was deleted. Ids are not reused, so this takes precedence over every version that another
    /// worker may have read before.
    Deleted(Timestamp),
}

impl IndexEntry {
    /// Returns the next index entry for the current document (`None` if it was deleted). Returns `None` if
    /// the same embedder has already indexed this version or a later one.
    ///
    /// An unchanged text also creates a new entry, so that a worker that has read an older version fails on
    /// the version condition.
    #[must_use]
    pub fn next(
        previous: Option<&Self>,
        id: DocumentId,
        document: Option<&Document>,
        embedder: EmbedderName,
        now: Timestamp,
    ) -> Option<Self> {
        let indexed = match (document, previous) {
            (_, Some(Self { indexed: Indexed::Deleted(_), .. })) => return None,
            (Some(document), Some(previous)) if previous.contains(document, embedder) => return None,
            (Some(document), _) => Indexed::At(document.version),
            (None, _) => Indexed::Deleted(now),
        };
        let passage = document.and_then(|document| document.text.as_ref());
        Some(Self {
            id,
            version: previous.map_or(Version::FIRST, |entry| entry.version.next()),
            indexed,
            embedder,
            digest: passage.map(super::DocumentText::digest),
            terms: passage.map(Term::of).unwrap_or_default(),
        })
    }

    /// Returns the next index entry as if nothing of the document were indexed, to rebuild its term entries.
    /// Returns `None` if a later version of the document is indexed.
    #[must_use]
    pub fn rebuilt(
        previous: Option<&Self>,
        id: DocumentId,
        document: Option<&Document>,
        embedder: EmbedderName,
        now: Timestamp,
    ) -> Option<Self> {
        let is_later = |previous: &Self| match (previous.indexed, document) {
            (Indexed::Deleted(_), _) => true,
            (Indexed::At(version), Some(document)) => document.version < version,
            (Indexed::At(_), None) => false,
        };
        if previous.is_some_and(is_later) {
            return None;
        }
        let version = previous.map_or(Version::FIRST, |entry| entry.version.next());
        Some(Self { version, ..Self::next(None, id, document, embedder, now)? })
    }

    /// Returns true if this version of the document, or a later one, is indexed. A document whose text the model
    /// rejected is not.
    fn contains(&self, document: &Document, embedder: EmbedderName) -> bool {
        let Indexed::At(version) = self.indexed else { return false };
        let is_same = document.version == version && embedder == self.embedder;
        document.version < version || (is_same && document.text.is_some() == self.digest.is_some())
    }

    /// The entry of a document whose text the model rejected: it has no terms.
    #[must_use]
    pub fn without_text(self) -> Self {
        Self { digest: None, terms: BTreeMap::new(), ..self }
    }

    /// Returns true if the entry has a text and another embedding than `previous`.
    #[must_use]
    pub fn embedding_changed(&self, previous: Option<&Self>) -> bool {
        let same = |previous: &Self| previous.digest == self.digest && previous.embedder == self.embedder;
        self.digest.is_some() && !previous.is_some_and(same)
    }

    /// Keys of the term entries of the document.
    #[must_use]
    pub fn term_entry_keys(&self) -> BTreeSet<TermEntryKey> {
        let (id, embedder) = (self.id, self.embedder);
        let key = |(term, weight): (&Term, &Weight)| TermEntryKey {
            embedder,
            term: term.clone(),
            weight: *weight,
            id,
        };
        self.terms.iter().map(key).collect()
    }
}

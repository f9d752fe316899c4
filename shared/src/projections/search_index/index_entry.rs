//! Index entries: what was indexed of each document, and at which of its versions.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::document::{Document, DocumentId};
use super::terms::{Term, Weight};
use crate::kit::command::Version;
use crate::kit::system::clock::Timestamp;
use crate::projections::search_index::term_entry::{EmbedderName, TermEntryKey};

/// What was indexed of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexEntry {
    /// Of which.
    pub id: DocumentId,
    /// Counts the entry's own changes.
    pub version: Version,
    /// How far the document was indexed.
    pub indexed: Indexed,
    /// In whose index.
    pub embedder: EmbedderName,
    /// A short name of the text that was indexed; none, if not everybody may find it.
    pub digest: Option<String>,
    /// Under which terms.
    pub terms: BTreeMap<Term, Weight>,
}

/// How far a document was indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Indexed {
    /// Up to this version of it.
    At(Version),
    /// To its end. What is gone does not come back, so this outweighs every version that somebody may have read before.
    Gone(Timestamp),
}

impl IndexEntry {
    /// The entry that follows `seen` once the document was found so, or gone; nothing, if that was indexed already by the
    /// same embedder, or something newer.
    ///
    /// It follows even where the text is the same as before: who has read an older version in between must not find the
    /// entry as it was.
    #[must_use]
    pub fn following(
        seen: Option<&Self>,
        id: DocumentId,
        document: Option<&Document>,
        embedder: EmbedderName,
        now: Timestamp,
    ) -> Option<Self> {
        let indexed = match (document, seen.map(|entry| (entry.indexed, entry.embedder))) {
            (_, Some((Indexed::Gone(_), _))) => return None,
            (Some(document), Some((Indexed::At(version), by)))
                if document.version < version || (document.version == version && by == embedder) =>
            {
                return None;
            }
            (Some(document), _) => Indexed::At(document.version),
            (None, _) => Indexed::Gone(now),
        };
        let passage = document.and_then(|document| document.passage.as_ref());
        Some(Self {
            id,
            version: seen.map_or(Version::FIRST, |entry| entry.version.next()),
            indexed,
            embedder,
            digest: passage.map(super::DocumentText::digest),
            terms: passage.map(Term::of).unwrap_or_default(),
        })
    }

    /// Whether it takes postings with another embedding than those of `seen`.
    #[must_use]
    pub fn embedding_changed(&self, seen: Option<&Self>) -> bool {
        let same = |seen: &Self| seen.digest == self.digest && seen.embedder == self.embedder;
        self.digest.is_some() && !seen.is_some_and(same)
    }

    /// Where its postings stand.
    #[must_use]
    pub fn posting_keys(&self) -> BTreeSet<TermEntryKey> {
        let (id, embedder) = (self.id, self.embedder);
        let place = |(term, weight): (&Term, &Weight)| TermEntryKey {
            embedder,
            term: term.clone(),
            weight: *weight,
            id,
        };
        self.terms.iter().map(place).collect()
    }
}

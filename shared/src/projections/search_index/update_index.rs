//! Indexing a document as it is at this moment, whatever was heard of it.

use super::document::{Document, DocumentId, DocumentText};
use super::embedding::Embedding;
use crate::domain::market::Market;
use crate::domain::product::Product;
use crate::kit::command::{Change, Command, NoEvents, ReadSet};
use crate::kit::system::clock::Timestamp;
use crate::projections::search_index::index_entry::IndexEntry;
use crate::projections::search_index::term_entry::{EmbedderName, TermEntry};

/// Replaces the postings of a document by those of its present version, with its entry: all of it or nothing.
#[derive(Debug, Clone)]
pub struct IndexDocument {
    /// Which.
    pub id: DocumentId,
    /// Whose index it goes into.
    pub embedder: EmbedderName,
    /// What its text is about, once somebody has said so.
    pub embedded: Option<Embedded>,
}

/// What a text is about.
#[derive(Debug, Clone)]
pub struct Embedded {
    /// The digest of the text.
    pub digest: String,
    /// What it is about.
    pub embedding: Embedding,
}

/// Why a document cannot be indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// Its text is another by now than the one whose embedding is at hand.
    #[error("the document changed while it was embedded")]
    TextChanged,
}

/// The document, as whichever it is, and its entry.
pub type IndexState = ((Vec<Option<Market>>, Vec<Option<Product>>), Option<IndexEntry>);

fn document((markets, products): &(Vec<Option<Market>>, Vec<Option<Product>>)) -> Option<Document> {
    let market = markets.iter().flatten().next().map(Document::from);
    market.or_else(|| products.iter().flatten().next().map(Document::from))
}

impl IndexDocument {
    /// The text whose embedding it takes to index the document as it was `seen`; none, if it goes without.
    #[must_use]
    pub fn to_embed(&self, (found, entry): &IndexState, now: Timestamp) -> Option<DocumentText> {
        let document = document(found);
        let next = IndexEntry::following(entry.as_ref(), self.id, document.as_ref(), self.embedder, now)?;
        document?.passage.filter(|_| next.embedding_changed(entry.as_ref()))
    }
}

impl Command for IndexDocument {
    type State = IndexState;
    type Output = ();
    type Error = IndexError;

    fn reads(&self) -> ReadSet<IndexState> {
        let (market, product) = match &self.id {
            DocumentId::Market(id) => (Some(id), None),
            DocumentId::Product(id) => (None, Some(id)),
        };
        ReadSet::get_all(market).and(ReadSet::get_all(product)).and(ReadSet::get(&self.id))
    }

    /// # Errors
    /// [`IndexError`].
    fn decide(
        &self,
        (found, entry): IndexState,
        now: Timestamp,
    ) -> Result<Change<(), IndexError>, IndexError> {
        let (document, change) = (document(&found), Change::of(()));
        let seen = entry.as_ref();
        let Some(next) = IndexEntry::following(seen, self.id, document.as_ref(), self.embedder, now) else {
            return Ok(change);
        };
        let (before, after) = (seen.map(IndexEntry::posting_keys).unwrap_or_default(), next.posting_keys());
        let mut change = before.difference(&after).fold(change, Change::remove::<TermEntry>);
        if let Some(document) = document.filter(|_| next.embedding_changed(seen)) {
            let fits = |embedded: &&Embedded| next.digest.as_ref() == Some(&embedded.digest);
            let embedded = self.embedded.as_ref().filter(fits).ok_or(IndexError::TextChanged)?;
            let embedding = embedded.embedding.clone();
            let posting = TermEntry { id: self.id, market_id: document.market_id, embedding };
            change = after.iter().fold(change, |change, place| change.overwrite(place, &posting));
        }
        Ok(change.save(&next, NoEvents))
    }
}

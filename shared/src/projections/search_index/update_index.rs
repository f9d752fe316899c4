//! Indexing the current version of a document, independent of the content of its events.

use super::document::{Document, DocumentId, DocumentText};
use super::embedding::Embedding;
use crate::domain::market::Market;
use crate::domain::product::Product;
use crate::kit::command::{Change, Command, NoEvents, ReadSet};
use crate::kit::system::clock::Timestamp;
use crate::projections::search_index::index_entry::IndexEntry;
use crate::projections::search_index::term_entry::{EmbedderName, TermEntry};

/// Replaces the term entries and the index entry of a document by those of its current version, in one
/// transaction.
#[derive(Debug, Clone)]
pub struct IndexDocument {
    /// Id of the document.
    pub id: DocumentId,
    /// Embedder whose index contains the document.
    pub embedder: EmbedderName,
    /// Embedding of the document's text, once computed.
    pub embedded: Option<Embedded>,
    /// True to write all entries of the document again, in case some were lost.
    pub rebuild: bool,
    /// Digest of a text that the model rejected: a document with this text has no entries until it is indexed
    /// again.
    pub rejected: Option<String>,
}

/// Text digest and embedding of a document.
#[derive(Debug, Clone)]
pub struct Embedded {
    /// Digest of the text.
    pub digest: String,
    /// Embedding of the text.
    pub embedding: Embedding,
}

/// Reason why a document cannot be indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// The text has changed since its embedding was computed.
    #[error("the document changed while it was embedded")]
    TextChanged,
}

/// The market or product, and its index entry.
pub type IndexState = ((Vec<Option<Market>>, Vec<Option<Product>>), Option<IndexEntry>);

fn document(markets: &[Option<Market>], products: &[Option<Product>]) -> Option<Document> {
    let market = markets.iter().flatten().next().map(Document::from);
    market.or_else(|| products.iter().flatten().next().map(Document::from))
}

impl IndexDocument {
    /// Indexes a document that may have changed.
    #[must_use]
    pub const fn update(id: DocumentId, embedder: EmbedderName) -> Self {
        Self { id, embedder, embedded: None, rebuild: false, rejected: None }
    }

    /// Next index entry, and the entry whose term entries need not be written again.
    fn next<'a>(
        &self,
        entry: Option<&'a IndexEntry>,
        document: Option<&Document>,
        now: Timestamp,
    ) -> Option<(IndexEntry, Option<&'a IndexEntry>)> {
        let next = if self.rebuild {
            IndexEntry::rebuilt(entry, self.id, document, self.embedder, now)?
        } else {
            IndexEntry::next(entry, self.id, document, self.embedder, now)?
        };
        let is_rejected = self.rejected.is_some() && self.rejected == next.digest;
        let next = if is_rejected { next.without_text() } else { next };
        Some((next, entry.filter(|_| !self.rebuild)))
    }

    /// Returns the text whose embedding is needed to index the document; `None` if no embedding is needed.
    #[must_use]
    pub fn to_embed(&self, state: &IndexState, now: Timestamp) -> Option<DocumentText> {
        let ((markets, products), entry) = state;
        let document = document(markets, products);
        let (next, written) = self.next(entry.as_ref(), document.as_ref(), now)?;
        document?.text.filter(|_| next.embedding_changed(written))
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
        ((markets, products), entry): IndexState,
        now: Timestamp,
    ) -> Result<Change<(), IndexError>, IndexError> {
        let (document, change) = (document(&markets, &products), Change::of(()));
        let previous = entry.as_ref();
        let Some((next, written)) = self.next(previous, document.as_ref(), now) else { return Ok(change) };
        let (before, after) =
            (previous.map(IndexEntry::term_entry_keys).unwrap_or_default(), next.term_entry_keys());
        let mut change = before.difference(&after).fold(change, Change::remove::<TermEntry>);
        if let Some(document) = document.filter(|_| next.embedding_changed(written)) {
            let matches_text = |embedded: &&Embedded| next.digest.as_ref() == Some(&embedded.digest);
            let embedded = self.embedded.as_ref().filter(matches_text).ok_or(IndexError::TextChanged)?;
            let embedding = embedded.embedding.clone();
            let entry = TermEntry { id: self.id, market_id: document.market_id, embedding };
            change = after.iter().fold(change, |change, key| change.overwrite(key, &entry));
        }
        Ok(change.save(&next, NoEvents))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{at, decide, product, refusal};

    #[test]
    fn rejection_removes_only_the_entries_of_the_rejected_text() {
        let (product, embedder) = (product(), EmbedderName::Hashed);
        let (id, document) = (DocumentId::Product(product.id), Document::from(&product));
        let entry = IndexEntry::next(None, id, Some(&document), embedder, at(0)).unwrap();
        let state = || ((Vec::new(), vec![Some(product.clone())]), Some(entry.clone()));
        let rejecting = |digest: &str| IndexDocument {
            rebuild: true,
            rejected: Some(digest.to_owned()),
            ..IndexDocument::update(id, embedder)
        };
        assert_eq!(refusal(&rejecting("of another text"), state(), at(1)), IndexError::TextChanged);
        let digest = entry.digest.clone().unwrap();
        let indexed: IndexEntry = decide(&rejecting(&digest), state(), at(1)).stored();
        assert_eq!((indexed.digest, indexed.terms.is_empty()), (None, true));
    }
}

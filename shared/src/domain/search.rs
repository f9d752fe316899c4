//! What search finds: markets and products by their words, the most similar first.
//!
//! An inverted index leads from each [`Term`] to the [`Posting`]s of the documents that have it; an [`IndexEntry`] beside
//! each document says what was indexed of it. Like a tally, the entry is replaced in the transaction that moves the
//! postings, on the condition that nobody else has replaced it: so each version of a document is indexed once or not at
//! all, in whatever order and however often its events are heard.

mod document;
mod embedding;
mod entry;
#[cfg(test)]
mod histories;
pub mod index;
mod posting;
pub mod rank;
mod terms;
mod words;

pub use document::{Document, DocumentId, DocumentKind, Passage};
pub use embedding::{DIMENSIONS, Embedding, Similarity};
pub use entry::{IndexEntry, Indexed};
pub use posting::{EmbedderName, Posting, PostingPlace};
pub use terms::{MAX_ASKED, MAX_TERMS, Term, Weight};
pub use words::{MAX_WORD, words};

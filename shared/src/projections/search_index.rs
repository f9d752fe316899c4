//! What search finds: markets and products by their words, the most similar first.
//!
//! An inverted index leads from each [`Term`] to the [`Posting`]s of the documents that have it; an [`IndexEntry`] beside
//! each document says what was indexed of it. Like a tally, the entry is replaced in the transaction that moves the
//! postings, on the condition that nobody else has replaced it: so each version of a document is indexed once or not at
//! all, in whatever order and however often its events are heard.

mod document;
mod embedding;
mod index_entry;
#[cfg(test)]
mod proptests;
pub mod rank;
mod term_entry;
mod terms;
mod tokenizer;
pub mod update_index;

pub use document::{Document, DocumentId, DocumentKind, DocumentText};
pub use embedding::{DIMENSIONS, Embedding, Similarity};
pub use index_entry::{IndexEntry, Indexed};
pub use term_entry::{EmbedderName, TermEntry, TermEntryKey};
pub use terms::{MAX_QUERY_TERMS, MAX_TERMS, Term, Weight};
pub use tokenizer::{MAX_WORD, tokenize};

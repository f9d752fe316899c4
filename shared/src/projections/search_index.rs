//! Search index of markets and products.
//!
//! An inverted index maps each [`Term`] to the [`TermEntry`] items of the documents that contain it. An
//! [`IndexEntry`] per document records what was indexed. Like a tally, the index entry is replaced in the
//! transaction that changes the term entries, on the condition that it has not changed since it was read. So
//! each version of a document is indexed at most once, even if its events are received repeatedly or in
//! another order.

mod document;
mod embedding;
pub mod forget;
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

//! Forgetting an indexed document, before its events are replayed.

use std::convert::Infallible;

use crate::kit::command::{Change, Command, NoEvents, ReadSet};
use crate::kit::system::clock::Timestamp;
use crate::projections::search_index::{DocumentId, IndexEntry, Indexed, TermEntry};

/// Deletes the term entries and the index entry of a document, so that its next event indexes it again.
#[derive(Debug, Clone, Copy)]
pub struct ForgetDocument(pub DocumentId);

impl Command for ForgetDocument {
    type State = Option<IndexEntry>;
    type Output = ();
    type Error = Infallible;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.0)
    }

    fn decide(&self, entry: Self::State, _: Timestamp) -> Result<Change<(), Infallible>, Infallible> {
        let indexed = entry.filter(|entry| matches!(entry.indexed, Indexed::At(_)));
        let Some(entry) = indexed else { return Ok(Change::of(())) };
        let keys = entry.term_entry_keys();
        let change = keys.iter().fold(Change::of(()), Change::remove::<TermEntry>);
        let version = entry.version.next();
        Ok(change.delete_entity(&IndexEntry { version, ..entry }, NoEvents))
    }
}

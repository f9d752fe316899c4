//! Forgetting an indexed name, before the events of its entity are replayed.

use std::convert::Infallible;

use super::{HasName, NameEntry, NameTerm};
use crate::domain::values::id::Id;
use crate::kit::command::{Change, Command, NoEvents, ReadSet};
use crate::kit::system::clock::Timestamp;
use crate::projections::search_index::Indexed;

/// Deletes the terms and the name entry of an entity, so that its next event indexes the name again.
#[derive(Debug)]
pub struct ForgetName<N: HasName>(pub Id<N>);

impl<N: HasName> Command for ForgetName<N> {
    type State = Option<NameEntry<N>>;
    type Output = ();
    type Error = Infallible;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.0)
    }

    fn decide(&self, entry: Self::State, _: Timestamp) -> Result<Change<(), Infallible>, Infallible> {
        let indexed = entry.filter(|entry| matches!(entry.indexed, Indexed::At(_)));
        let Some(entry) = indexed else { return Ok(Change::of(())) };
        let keys = entry.term_keys();
        let change = keys.iter().fold(Change::of(()), Change::remove::<NameTerm<N>>);
        let version = entry.version.next();
        Ok(change.delete_entity(&NameEntry { version, ..entry }, NoEvents))
    }
}

//! Indexing the current name of an entity, independent of the content of its events.

use std::collections::BTreeSet;
use std::convert::Infallible;

use super::{HasName, NameEntry, NameTerm};
use crate::domain::values::id::Id;
use crate::kit::command::{Change, Command, NoEvents, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Replaces the terms and the name entry of an entity by those of its current version, in one transaction.
#[derive(Debug)]
pub struct IndexName<N: HasName> {
    /// Id of the entity.
    pub id: Id<N>,
    /// True to write all terms of the entity again, in case some were lost.
    pub rebuild: bool,
}

impl<N: HasName> IndexName<N> {
    /// Indexes the name of an entity that may have changed.
    #[must_use]
    pub const fn update(id: Id<N>) -> Self {
        Self { id, rebuild: false }
    }
}

impl<N: HasName> Command for IndexName<N> {
    type State = (Option<N>, Option<NameEntry<N>>);
    type Output = ();
    type Error = Infallible;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id).and(ReadSet::get(&self.id))
    }

    fn decide(
        &self,
        (entity, previous): Self::State,
        now: Timestamp,
    ) -> Result<Change<(), Infallible>, Infallible> {
        let change = Change::of(());
        let entry = if self.rebuild { NameEntry::rebuilt } else { NameEntry::next };
        let Some(next) = entry(previous.as_ref(), self.id, entity.as_ref(), now) else { return Ok(change) };
        let terms = previous.as_ref().map(NameEntry::term_keys).unwrap_or_default();
        let keys = next.term_keys();
        let change = terms.difference(&keys).fold(change, Change::remove::<NameTerm<N>>);
        let is_same = |before: &NameEntry<N>| before.summary() == next.summary();
        // Terms that exist with the same content are not written again.
        let kept: BTreeSet<_> =
            if !self.rebuild && previous.as_ref().is_some_and(is_same) { terms } else { BTreeSet::new() };
        let term = next.summary().cloned().map(NameTerm::<N>);
        let change = term.iter().fold(change, |change, term| {
            keys.difference(&kept).fold(change, |change, key| change.overwrite(key, term))
        });
        Ok(change.save(&next, NoEvents))
    }
}

//! Name entries: the indexed version and the postings of each entity.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{NamePostingKey, Named, Words};
use crate::domain::values::id::Id;
use crate::domain::values::text::Name;
use crate::kit::command::Version;
use crate::kit::system::clock::Timestamp;
use crate::projections::search_index::Indexed;

/// Name entry of an entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", bound = "")]
pub struct NameEntry<N: Named> {
    /// Id of the entity.
    pub id: Id<N>,
    /// Version of the name entry, for optimistic locking.
    pub version: Version,
    /// Indexed version of the entity.
    pub indexed: Indexed,
    /// Postings of the entity; `None` if it was deleted.
    pub posted: Option<Posted<N::Summary>>,
}

/// Postings of an entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Posted<S> {
    /// Partition of the list that shows the entity.
    pub list: String,
    /// Words of the name.
    pub words: BTreeSet<String>,
    /// Content of the postings.
    pub summary: S,
}

impl<S> Posted<S> {
    /// Postings under the words of `name`.
    #[must_use]
    pub fn new(list: String, name: &Name, summary: S) -> Self {
        Self { list, words: Words::of(name).into_set(), summary }
    }
}

impl<N: Named> NameEntry<N> {
    /// Returns the next name entry for the current entity (`None` if it was deleted). Returns `None` if this
    /// version or a later one has been indexed.
    #[must_use]
    pub fn next(previous: Option<&Self>, id: Id<N>, entity: Option<&N>, now: Timestamp) -> Option<Self> {
        let is_indexed = |entity: &N, entry: &Self| matches!(entry.indexed, Indexed::At(version) if entity.version() <= version);
        match entity.zip(previous) {
            Some((entity, entry)) if is_indexed(entity, entry) => None,
            _ => Self::rebuilt(previous, id, entity, now),
        }
    }

    /// Returns the next name entry for the current entity, even if this version has been indexed. Returns `None`
    /// if the entity was deleted before, or a later version has been indexed.
    #[must_use]
    pub fn rebuilt(previous: Option<&Self>, id: Id<N>, entity: Option<&N>, now: Timestamp) -> Option<Self> {
        let indexed = match (entity, previous.map(|entry| entry.indexed)) {
            (_, Some(Indexed::Deleted(_))) => return None,
            (Some(entity), Some(Indexed::At(version))) if entity.version() < version => return None,
            (Some(entity), _) => Indexed::At(entity.version()),
            (None, _) => Indexed::Deleted(now),
        };
        let version = previous.map_or(Version::FIRST, |entry| entry.version.next());
        Some(Self { id, version, indexed, posted: entity.map(Named::postings) })
    }

    /// Keys of the postings.
    #[must_use]
    pub fn posting_keys(&self) -> BTreeSet<NamePostingKey> {
        let id = self.id.to_string();
        let posted = self.posted.iter();
        let key = |list: &String, word: &String| NamePostingKey {
            list: list.clone(),
            word: word.clone(),
            id: id.clone(),
        };
        posted.flat_map(|posted| posted.words.iter().map(|word| key(&posted.list, word))).collect()
    }
}

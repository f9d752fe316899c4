//! Name entries: the indexed version and the terms of each entity.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{HasName, NameTermKey, Words};
use crate::domain::values::id::Id;
use crate::domain::values::text::Text;
use crate::kit::command::Version;
use crate::kit::system::clock::Timestamp;
use crate::projections::search_index::Indexed;

/// Name entry of an entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", bound = "")]
pub struct NameEntry<N: HasName> {
    /// Id of the entity.
    pub id: Id<N>,
    /// Version of the name entry, for optimistic locking.
    pub version: Version,
    /// Indexed version of the entity.
    pub indexed: Indexed,
    /// Terms of the entity; `None` if it was deleted.
    pub terms: Option<NameTerms<N::Summary>>,
}

/// Terms of an entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NameTerms<S> {
    /// Partition of the list that shows the entity.
    pub list: String,
    /// Words of the name.
    pub words: BTreeSet<String>,
    /// Content of the terms.
    pub summary: S,
}

impl<S> NameTerms<S> {
    /// Terms under the words of `name`.
    #[must_use]
    pub fn new<const MAX: usize>(list: String, name: &Text<MAX>, summary: S) -> Self {
        Self { list, words: Words::of(name).into_set(), summary }
    }
}

impl<N: HasName> NameEntry<N> {
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
        Some(Self { id, version, indexed, terms: entity.map(HasName::name_terms) })
    }

    /// Content of the terms; `None` if the entity was deleted.
    pub(super) fn summary(&self) -> Option<&N::Summary> {
        self.terms.as_ref().map(|terms| &terms.summary)
    }

    /// Keys of the terms.
    #[must_use]
    pub fn term_keys(&self) -> BTreeSet<NameTermKey> {
        let id = self.id.to_string();
        let terms = self.terms.iter();
        let key = |list: &String, word: &String| NameTermKey {
            list: list.clone(),
            word: word.clone(),
            id: id.clone(),
        };
        terms.flat_map(|terms| terms.words.iter().map(|word| key(&terms.list, word))).collect()
    }
}

//! What is stored: records under keys, and entities with versions.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::event::Event;
use crate::kit::system::clock::Timestamp;

/// A stored item: attribute names and values in DynamoDB's data model.
pub type Item = serde_dynamo::Item;

/// Where an item stands in the table. Built only in the module that owns the key scheme.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

/// How often an entity has been changed, from 1. Every version has exactly one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(u64);

impl Version {
    /// The version of a new entity.
    pub const FIRST: Self = Self(1);

    /// The version that is counted `count`; there is none before the first.
    #[must_use]
    pub const fn new(count: u64) -> Option<Self> {
        if count > 0 { Some(Self(count)) } else { None }
    }

    /// The version after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The version before this one; none before the first.
    #[must_use]
    pub const fn previous(self) -> Option<Self> {
        if self.0 > 1 { Some(Self(self.0 - 1)) } else { None }
    }

    /// Whether it is the version that is expected; any will do if none is.
    #[must_use]
    pub fn matches(self, expected: Option<Self>) -> bool {
        expected.is_none_or(|expected| expected == self)
    }

    /// The count itself.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Something that is stored under a key of its own.
pub trait Record: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// What kind of item it is; stored with it, and checked when it is read.
    const KIND: &'static str;
    /// What finds it.
    type Id;

    /// Where it stands.
    fn key(id: &Self::Id) -> Key;
}

/// A record that changes version by version, each change guarded by the version it was decided on.
pub trait Entity: Record {
    /// What its changes cause; [`Silent`](super::Silent) for entities nobody else hears of.
    type Event: Event;

    /// What finds it.
    fn id(&self) -> &Self::Id;

    /// Its present version.
    fn version(&self) -> Version;

    /// The lists it appears in.
    fn listings(&self) -> IndexEntries {
        IndexEntries::default()
    }

    /// When the table may forget it, if ever. Readers compare it themselves: the table forgets days late.
    fn expires_at(&self) -> Option<Timestamp> {
        None
    }
}

/// The lists that an entity appears in, as (partition, sort) of each index. What is absent is not listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexEntries {
    /// Among the children of a parent (index `by-parent`).
    pub by_parent: Option<(String, String)>,
    /// Its name, where the same children are also listed in the order of their names (index `by-name`).
    pub name: Option<String>,
    /// Among what one person owns (index `by-owner`).
    pub by_owner: Option<(String, String)>,
    /// Among what falls due at a time (index `due`).
    pub due: Option<(String, String)>,
}

/// A stored item does not read as what it should be. Names the kind, never the content.
#[derive(Debug, Clone, thiserror::Error)]
#[error("a stored {kind} does not read: {reason}")]
pub struct MalformedItem {
    /// What it should have been.
    pub kind: &'static str,
    /// What the parser says of it.
    pub reason: String,
}

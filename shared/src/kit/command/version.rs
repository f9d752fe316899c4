//! Versions of entities, for optimistic locking.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Number of times an entity has been written, from 1. Every version has exactly one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(u64);

impl Version {
    /// The version of a new entity.
    pub const FIRST: Self = Self(1);

    /// The version with the number `count`; `None` for 0.
    #[must_use]
    pub const fn new(count: u64) -> Option<Self> {
        if count > 0 { Some(Self(count)) } else { None }
    }

    /// The version after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The version before this one; `None` for the first.
    #[must_use]
    pub const fn previous(self) -> Option<Self> {
        if self.0 > 1 { Some(Self(self.0 - 1)) } else { None }
    }

    /// The version as a number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// Non-empty set of versions of an entity, any of which a command accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionSet(Vec<Version>);

impl VersionSet {
    /// Creates a set; `None` without versions.
    #[must_use]
    pub fn new(versions: Vec<Version>) -> Option<Self> {
        if versions.is_empty() { None } else { Some(Self(versions)) }
    }

    /// Returns true if `version` is in the set.
    #[must_use]
    pub fn contains(&self, version: Version) -> bool {
        self.0.contains(&version)
    }
}

impl From<Version> for VersionSet {
    fn from(version: Version) -> Self {
        Self(vec![version])
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

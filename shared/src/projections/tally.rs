//! Tallies: what was counted of each entity, and at which of its versions.
//!
//! Whatever is counted over many entities (how many things a list has, what a market sold) is moved by the difference
//! between what an entity counted for and what it counts for now. Its tally says the former and is replaced in the same
//! transaction, on the condition that nobody else has replaced it. So each version of an entity is counted once or not at
//! all, in whatever order, however often and by however many its events are heard.

pub mod count;
mod delta;
mod market_totals;
#[cfg(test)]
mod proptests;
mod subject;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::kit::command::{Entity, Version};
use crate::kit::system::clock::Timestamp;
use crate::projections::daily_sales::Sale;
use crate::projections::list_total::ListKey;
pub use subject::{Subject, SubjectError};

/// What was counted of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// Of which entity.
    pub id: Subject,
    /// Counts the tally's own changes.
    pub version: Version,
    /// How far the entity was counted.
    pub counted: Counted,
    /// The lists that it was counted in.
    pub lists: BTreeSet<ListKey>,
    /// The sale that it was counted with.
    pub sale: Option<Sale>,
}

/// How far an entity was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Counted {
    /// Up to this version of it.
    At(Version),
    /// To its end: it is gone since then, or earlier. What is gone does not come back, for ids are not used twice, so
    /// this outweighs every version that somebody may still have read before.
    Deleted(Timestamp),
}

/// An entity that is counted.
pub trait Countable: Entity {
    /// The lists that it stands in.
    fn lists(&self) -> BTreeSet<ListKey>;
}

/// What an entity counts for at a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// At which version.
    pub version: Version,
    /// In these lists.
    pub lists: BTreeSet<ListKey>,
    /// With this sale.
    pub sale: Option<Sale>,
}

impl Contribution {
    /// What `entity` counts for, and `sale` with it.
    pub fn of<E: Countable>(entity: &E, sale: Option<Sale>) -> Self {
        Self { version: entity.version(), lists: entity.lists(), sale }
    }
}

impl Tally {
    /// The tally that follows `seen` once the entity was found `standing` so, or gone; nothing, if that was counted
    /// already, or something newer.
    ///
    /// It follows even where the entity counts for the same as before: who has read an older version in between must not
    /// find the tally as it was.
    #[must_use]
    pub fn next(
        seen: Option<&Self>,
        id: Subject,
        standing: Option<Contribution>,
        now: Timestamp,
    ) -> Option<Self> {
        let counted = match (&standing, seen.map(|tally| tally.counted)) {
            (_, Some(Counted::Deleted(_))) => return None,
            (Some(standing), Some(Counted::At(version))) if standing.version <= version => return None,
            (Some(standing), _) => Counted::At(standing.version),
            (None, _) => Counted::Deleted(now),
        };
        let version = seen.map_or(Version::FIRST, |tally| tally.version.next());
        let (lists, sale) = standing.map(|standing| (standing.lists, standing.sale)).unwrap_or_default();
        Some(Self { id, version, counted, lists, sale })
    }

    /// Whether the entity is counted no more.
    #[must_use]
    pub const fn is_tombstone(&self) -> bool {
        matches!(self.counted, Counted::Deleted(_))
    }
}

//! Index of names: finds markets and accounts by the words of their name.
//!
//! Each word of a name has a [`NamePosting`] in a partition of the list that shows the entity. The posting contains
//! the summary that the list shows. A search reads the postings whose word starts with a text. The [`NameEntry`] of
//! an entity records its postings. Like the index entry of a document, it is replaced in the transaction that
//! changes the postings, on the condition that it has not changed since it was read. So no posting is replaced by
//! that of an earlier version, in whatever order and however often the events are received.

pub mod index_name;
mod name_entry;
mod words;

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::values::id::{Id, Identified};
use crate::kit::command::Entity;
pub use name_entry::{NameEntry, Posted};
pub use words::{MAX_WORDS, Words};

/// Entity that is found by the words of its name.
pub trait Named: Entity<Id = Id<Self>> + Identified + Debug + PartialEq {
    /// Part of the entity that lists show.
    type Summary: Serialize + DeserializeOwned + Clone + Debug + PartialEq + Send + Sync + 'static;

    /// Returns the postings of this version.
    fn postings(&self) -> Posted<Self::Summary>;
}

/// Summary of an entity under a word of its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub struct NamePosting<N: Named>(pub N::Summary);

/// Key of a [`NamePosting`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamePostingKey {
    /// Partition of the list.
    pub list: String,
    /// Word of the name.
    pub word: String,
    /// Id of the entity.
    pub id: String,
}

impl NamePostingKey {
    /// Partition of the postings of a list.
    #[must_use]
    pub fn partition(list: &str) -> String {
        format!("names#{list}")
    }
}

//! Index of names: finds markets and accounts by the words of their name, products by those of their title.
//!
//! Each word of a name has a [`NameTerm`] in a partition of the list that shows the entity. The term contains
//! the summary that the list shows. A search reads the terms whose word starts with a text. The [`NameEntry`]
//! of an entity records its terms. Like the index entry of a document, it is replaced in the transaction that
//! changes the terms, on the condition that it has not changed since it was read. So the terms of a version
//! are never replaced with those of an earlier version, even if events are received repeatedly or in another
//! order.

pub mod forget_name;
pub mod index_name;
mod name_entry;
mod words;

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::values::id::{Id, Identified};
use crate::kit::command::Entity;
pub use name_entry::{NameEntry, NameTerms};
pub use words::{MAX_WORDS, Words};

/// Entity that is found by the words of its name.
pub trait HasName: Entity<Id = Id<Self>> + Identified + Debug + PartialEq {
    /// Part of the entity that lists show.
    type Summary: Serialize + DeserializeOwned + Clone + Debug + PartialEq + Send + Sync + 'static;

    /// Returns the terms of this version.
    fn name_terms(&self) -> NameTerms<Self::Summary>;
}

/// Summary of an entity under a word of its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub struct NameTerm<N: HasName>(pub N::Summary);

/// Key of a [`NameTerm`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameTermKey {
    /// Partition of the list.
    pub list: String,
    /// Word of the name.
    pub word: String,
    /// Id of the entity.
    pub id: String,
}

impl NameTermKey {
    /// Partition of the terms of a list.
    #[must_use]
    pub fn partition(list: &str) -> String {
        format!("names#{list}")
    }
}

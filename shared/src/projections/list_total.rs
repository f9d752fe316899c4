//! Lengths of lists. They are maintained asynchronously, so that a list is never read only to count it.

use std::fmt::Display;

use serde::{Deserialize, Serialize};

/// Key of a list: its index partition, with the status if only a part of the partition is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ListKey(String);

impl ListKey {
    /// Key of a whole partition.
    #[must_use]
    pub const fn of(partition: String) -> Self {
        Self(partition)
    }

    /// Key of the items of a partition with this status.
    #[must_use]
    pub fn with_status(partition: &str, status: impl Display) -> Self {
        Self(format!("{partition}#{status}"))
    }

    /// Returns true if the list belongs to a market.
    #[must_use]
    pub(super) fn is_of_market(&self) -> bool {
        self.0.starts_with("market#")
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Length of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListTotal {
    /// Number of items.
    pub count: i64,
}

impl ListTotal {
    /// Name of the attribute with the number of items.
    pub const COUNT: &'static str = "count";
}

//! How many things a list has: counted a moment after they came, so that no list is ever read to be counted.

use serde::{Deserialize, Serialize};

/// Which list: as the module that owns the key scheme names its partition, and the part of it that is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ListKey(String);

impl ListKey {
    /// The whole of a partition.
    #[must_use]
    pub const fn of(partition: String) -> Self {
        Self(partition)
    }

    /// What of a partition has this status.
    #[must_use]
    pub fn with_status(partition: &str, status: &str) -> Self {
        Self(format!("{partition}#{status}"))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A list's length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListTotal {
    /// How many things it has.
    pub count: i64,
}

impl ListTotal {
    /// The attribute that counts.
    pub const COUNT: &'static str = "count";
}

//! What a client put in, and what it was promised.

use std::collections::BTreeMap;

/// What a client knows: what it put in and what it was told.
#[derive(Debug, Clone, Default)]
pub struct Expectations {
    /// Pieces that each product began with.
    pub stocked: BTreeMap<String, i64>,
    /// Orders that were acknowledged.
    pub acknowledged: Vec<String>,
}

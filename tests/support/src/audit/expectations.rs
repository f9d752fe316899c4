//! Client-side knowledge that the auditor checks the table against.

use std::collections::BTreeMap;

/// Initial stock and acknowledged orders, as recorded by the client.
#[derive(Debug, Clone, Default)]
pub struct Expectations {
    /// Initial units of each product.
    pub stocked: BTreeMap<String, i64>,
    /// Ids of acknowledged orders.
    pub acknowledged: Vec<String>,
}

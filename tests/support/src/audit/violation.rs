//! Invariants and their violations.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// Group of invariants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[derive(strum::Display, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum Invariant {
    /// The number of units is constant, no counter is negative, and reserved units are returned once.
    Stock,
    /// Fulfilment ends; a charged buyer gets the order or a refund; no order is charged twice.
    Sagas,
    /// Every captured and refunded minor unit has exactly one journal entry, entries are balanced and never change, and
    /// the accounts contain what orders and the gateway determine.
    Ledger,
    /// Each version has its event, each event takes effect once for each subscriber and is logged once, and
    /// projections match the entities.
    Outbox,
    /// Acknowledged writes are stored, once per idempotency key, unique values are unique, and orders cost the
    /// sum of their lines.
    Http,
    /// A refresh token is used once, and a suspended account has no session.
    Sessions,
    /// No more requests are granted than a limit allows, and expired or cached data decides nothing.
    Limits,
}

/// A broken invariant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Group of the invariant.
    pub invariant: Invariant,
    /// Id, address or list that it concerns.
    pub subject: String,
    /// Expected state.
    pub expected: String,
    /// Actual state.
    pub found: String,
}

impl Violation {
    /// Creates a violation.
    pub fn new(
        invariant: Invariant,
        subject: impl fmt::Display,
        expected: impl fmt::Display,
        found: impl fmt::Display,
    ) -> Self {
        Self {
            invariant,
            subject: subject.to_string(),
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}; expected: {}", self.invariant, self.subject, self.found, self.expected)
    }
}

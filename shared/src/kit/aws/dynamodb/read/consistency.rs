//! Read consistency.

/// Consistency of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    /// Eventually consistent, at half the price: for displaying.
    Eventual,
    /// Strongly consistent: for decisions.
    Strong,
}

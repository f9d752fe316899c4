//! Queries of the ledger: journal entries, and discrepancies between the gateway's ledger and ours.

pub mod discrepancy;
pub mod entries;

//! Writes: transactions, group commit, counters, rate-limit windows, outbox and idempotency records.

pub(crate) mod counters;
pub(crate) mod group_commit;
pub(crate) mod idempotency_leases;
pub(crate) mod idempotency_records;
pub mod outbox;
pub(crate) mod transaction;
pub(crate) mod window_counts;

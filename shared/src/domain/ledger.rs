//! The ledger: where the marketplace's money is and whom it belongs to, in double entry.
//!
//! Each change of money is one [`JournalEntry`], whose postings add up to zero in each currency. It is written in
//! the transaction that causes it, and never changes. The balance of an account is the sum of its postings.

pub mod account;
pub mod commission;
pub mod journal_entry;
pub mod postings;
pub mod reconciliation;

pub use account::Account;
pub use journal_entry::{EntryId, JournalEntry};
pub use postings::{Posting, Postings};

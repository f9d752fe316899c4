//! The edge of the marketplace: where callers become actors and idempotency keys become receipts.

pub mod app;
pub mod caller;
pub mod once;
pub mod parse;
pub mod permission;

pub use app::{App, Edge};
pub use caller::{Authenticated, Caller};
pub use once::{Once, OnceRequired};
pub use permission::{May, Permitted};

//! The edge of the marketplace: where callers become actors and idempotency keys become receipts.

pub mod account_token;
pub mod app;
pub mod caller;
pub mod limits;
pub mod once;
pub mod parse;
pub mod permission;
pub mod sort;
pub mod user;

pub use account_token::AccountTokens;
pub use app::{App, Edge};
pub use caller::{Authenticated, Caller};
pub use limits::Limits;
pub use once::{Once, OnceLeased, OnceRequired};
pub use permission::{May, Permitted};
pub use user::UserBody;

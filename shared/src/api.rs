//! The edge of the marketplace: where callers become actors and idempotency keys become receipts.

pub mod account_token;
pub mod app;
pub mod caller;
pub mod counted;
mod describe;
pub mod limits;
pub mod once;
pub mod parse;
pub mod permission;
mod schema;
pub mod sort;
pub mod user;

pub use account_token::AccountTokens;
pub use app::{App, Edge};
pub use caller::{Authenticated, Caller};
pub use counted::counted;
pub use limits::Limits;
pub use once::{Once, OnceLeased, OnceRequired, Unkeyed};
pub use permission::{May, Permitted};
pub use user::UserBody;

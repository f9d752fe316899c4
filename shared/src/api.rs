//! The edge of the marketplace: where callers become actors and idempotency keys become receipts.

pub mod caller;
pub mod deserialize;
pub mod email_token;
pub mod idempotency;
pub mod list;
mod openapi;
pub mod permission;
pub mod rate_limits;
pub mod state;
pub mod user_body;

pub use caller::{Authenticated, Caller};
pub use email_token::AccountTokens;
pub use idempotency::{Once, OnceLeased, OnceRequired, Unkeyed};
pub use list::page_with_total::counted;
pub use permission::{May, Permitted};
pub use rate_limits::Limits;
pub use state::{App, Edge};
pub use user_body::UserBody;

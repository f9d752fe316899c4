//! HTTP layer of the marketplace: authentication, permissions, idempotency keys, rate limits and lists.

pub mod caller;
pub mod deserialize;
pub mod email_token;
mod error;
pub mod idempotency;
pub mod list;
mod openapi;
pub mod rate_limits;
pub mod state;
pub mod user_body;

pub use caller::market_access;
pub use caller::permission::{self, HasPermission, PermissionForOthers, RequirePermission};
pub use caller::{Authenticated, MaybeAuthenticated};
pub use email_token::EmailTokens;
pub use idempotency::{IdempotencyKeyRequired, Idempotent, LeasedIdempotencyKey, NonIdempotent};
pub use list::page_with_total::with_total;
pub use rate_limits::RateLimits;
pub use state::{ApiState, CommandState, QueryState};
pub use user_body::UserBody;

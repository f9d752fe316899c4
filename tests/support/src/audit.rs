//! The auditor: holds the table with its whole history, the payment gateway's own ledger, the postbox and the client's
//! journal against each other, once nothing moves any more.
//!
//! Read in this order: `violation` is what it finds, `journal` and `exchanges` what a client knows, `items` and
//! `history` what there is and how it came about, `books` stock and money, `evidence` all of it. Each of the other
//! files holds one kind of promise.

mod emails;
mod events;
mod expectations;
mod history;
mod http_log;
pub(crate) mod items;
mod projections;
mod rate_limits;
mod sessions;
mod snapshot;
mod stock;
mod stock_and_money;
mod uniqueness;
mod versions;
mod violation;

pub use expectations::Expectations;
pub use history::{Change, History};
pub use http_log::{Exchange, HttpLog};
pub use items::Items;
pub use snapshot::AuditSnapshot;
pub use stock_and_money::MoneyAndStock;
pub use violation::{Invariant, Violation};

//! The auditor: checks invariants over the table with its history, the payment gateway's ledger, the sent
//! e-mails and the client's log, when the system is idle.
//!
//! `violation` defines the invariants. `expectations` and `http_log` contain the client's view, `items` and
//! `history` the table's. `snapshot` combines all data and runs the checks of the other files.

mod emails;
mod event_log;
mod events;
mod expectations;
mod history;
mod http_log;
pub(crate) mod items;
mod jobs;
mod journal;
mod lines;
mod market_status;
mod names;
mod personal_data;
mod projections;
mod rate_limits;
mod sessions;
mod settings;
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
pub use journal::Journal;
pub use snapshot::AuditSnapshot;
pub use stock_and_money::MoneyAndStock;
pub use violation::{Invariant, Violation};

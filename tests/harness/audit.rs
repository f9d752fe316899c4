//! The auditor: holds the table with its whole history, the payment gateway's own ledger, the postbox and the client's
//! journal against each other, once nothing moves any more.
//!
//! Read in this order: `violation` is what it finds, `journal` and `exchanges` what a client knows, `items` and
//! `history` what there is and how it came about, `books` stock and money, `evidence` all of it. Each of the other
//! files holds one kind of promise.

mod books;
mod emails;
mod events;
mod evidence;
mod exchanges;
mod history;
pub(crate) mod items;
mod journal;
mod limits;
mod projections;
mod sessions;
mod stock;
mod unique;
mod versions;
mod violation;

pub use books::Books;
pub use evidence::Evidence;
pub use exchanges::{Exchange, Exchanges};
pub use history::{Change, History};
pub use items::Items;
pub use journal::Journal;
pub use violation::{Invariant, Violation};

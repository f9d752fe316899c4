//! Background jobs.

mod body;
pub(crate) mod cancel;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
mod list_item;
mod load;
mod request;
pub(crate) mod result;
pub(crate) mod retry;

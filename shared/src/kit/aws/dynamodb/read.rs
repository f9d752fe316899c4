//! Reads: batch gets, queries and pagination.

pub mod consistency;
pub mod event_log;
pub(crate) mod loader;
pub mod pagination;
pub mod query;
pub mod reader;

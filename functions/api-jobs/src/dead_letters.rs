//! Dead letters.

mod body;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod redrive;
pub(crate) mod redrive_queue;

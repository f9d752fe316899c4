//! Jobs: work that takes longer than a request.

mod body;
pub(crate) mod cancel;
pub(crate) mod get;
pub(crate) mod list;
mod own;
pub(crate) mod request;
pub(crate) mod result;
pub(crate) mod retry;

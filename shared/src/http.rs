//! The HTTP edge: conventions that hold for every route, whatever it is about.
//!
//! A request passes the [`edge`] layers from the outside in: request and correlation ids and the access line,
//! rendering of errors, panics, the `Accept` header, the body's limit; then the router, then the extractors in the
//! order of the handler's arguments.

pub mod cursor;
pub mod edge;
pub mod error;
pub mod etag;
pub mod event;
pub mod fields;
pub mod json;
pub mod path;
pub mod precondition;
pub mod query;
pub mod reply;
pub mod seal;

pub use cursor::{Cursors, PageRequest};
pub use edge::RequestFacts;
pub use error::{ApiError, Code};
pub use etag::{EntityTag, IfNoneMatch};
pub use fields::FieldErrors;
pub use json::Json;
pub use path::Path;
pub use precondition::IfMatch;
pub use query::Query;
pub use reply::{List, Reply, Resource};
pub use seal::Seal;

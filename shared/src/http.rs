//! The HTTP edge: conventions that hold for every route, whatever it is about.
//!
//! A request passes the [`edge`] layers from the outside in: request and correlation ids and the access line,
//! rendering of errors, panics, the `Accept` header, the body's limit; then the router, then the extractors in the
//! order of the handler's arguments.

pub mod asked;
mod choice;
pub mod code;
pub mod csv;
pub mod cursor;
pub mod edge;
pub mod error;
pub mod etag;
pub mod event;
pub mod fields;
pub mod include;
pub mod json;
pub mod openapi;
pub mod paging;
pub mod path;
pub mod precondition;
pub mod projection;
pub mod query;
pub mod reply;
pub mod seal;
mod told;

pub use asked::{ItemQuery, ListQuery, NoParameters};
pub use code::Code;
pub use csv::CsvPart;
pub use cursor::Cursors;
pub use edge::RequestFacts;
pub use error::ApiError;
pub use etag::{EntityTag, IfNoneMatch};
pub use fields::FieldErrors;
pub use include::{Include, Included, Relation};
pub use json::Json;
pub use paging::Paging;
pub use path::Path;
pub use precondition::IfMatch;
pub use projection::Fields;
pub use query::Query;
pub use reply::{Accepted, Created, List, NoContent, Reply, Resource, Shown, Underway};
pub use seal::Seal;

//! HTTP conventions common to all routes.
//!
//! A request passes the [`middleware`] from the outside in, then the router, then the extractors in the order
//! of the handler's arguments.

pub mod list;
pub mod middleware;
pub mod openapi;
pub mod request;
pub mod response;

pub use list::cursor::CursorCodec;
pub use list::include::{Include, Included, Relation};
pub use list::list_query::{ItemQuery, ListQuery, NoParameters};
pub use list::paging::Paging;
pub use list::sparse_fields::SparseFields;
pub use middleware::RequestInfo;
pub use request::json::Json;
pub use request::path::Path;
pub use request::precondition::IfMatch;
pub use request::query::Query;
pub use request::single_header::single_header;
pub use response::etag::{EntityTag, IfNoneMatch};
pub use response::file::{FileFormat, FilePart};
pub use response::{
    Accepted, AcceptedResource, ApiResponse, Created, ListResponse, NoContent, Resource, Versioned,
};

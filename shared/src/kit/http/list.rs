//! List conventions: paging, cursors, sparse fields and included relations.

pub mod cursor;
pub mod include;
pub mod list_query;
pub mod paging;
pub mod sparse_fields;

//! Extractors: JSON bodies, paths, queries and preconditions.

pub mod json;
pub(crate) mod name_list;
pub mod path;
pub mod precondition;
pub mod query;
pub mod single_header;

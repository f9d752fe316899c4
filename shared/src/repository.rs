//! Layout of the entities in the table, and the queries that read them.
//!
//! Queries are methods of [`DynamoReader`](crate::kit::aws::dynamodb::DynamoReader). Those that
//! [`CachedReader`](cached::CachedReader) also implements belong to a trait.

pub mod cached;

pub mod dead_letter;
pub mod job;
pub mod ledger;
pub mod market;
pub mod order;
pub mod product;
pub mod projections;
pub mod table_layout;
pub mod user;

//! Where each entity of the domain stands in the table, and how queries read it.
//!
//! One small trait per aggregate says what can be asked; [`DynamoReader`](crate::kit::aws::dynamodb::DynamoReader) answers.

pub mod cached;

pub mod dead_letter;
pub mod job;
pub mod market;
pub mod order;
pub mod payment;
pub mod product;
pub mod projections;
pub mod table_layout;
pub mod user;

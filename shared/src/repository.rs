//! Where each entity of the domain stands in the table, and how queries read it.
//!
//! One small trait per aggregate says what can be asked; [`DynamoReader`](crate::dynamodb::DynamoReader) answers.

pub mod cached;
mod counted;
mod keys;
pub mod listing;

pub mod dead_letter;
pub mod discrepancy;
pub mod job;
pub mod market;
pub mod order;
pub mod ordered;
pub mod payment;
pub mod product;
pub mod sales;
pub mod search;
pub mod sold;
pub mod total;
pub mod user;

//! Marketplace rules as pure code, independent of AWS, HTTP and the Lambda runtime.
//!
//! Each entity has a file with its types and a folder with one command per file. [`access`] contains the checks
//! that they share.

pub mod access;
pub mod job;
pub mod ledger;
pub mod market;
pub mod order;
pub mod product;
pub mod session;
#[cfg(test)]
pub(crate) mod tests;
pub mod user;
pub mod values;

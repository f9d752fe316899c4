//! The marketplace itself: pure. Nothing here knows of AWS, of HTTP or of a runtime.
//!
//! Read an entity's file for what it is, and its folder for what may be done to it, one command a file.

pub mod job;
pub mod market;
pub mod order;
pub mod payment;
pub mod product;
pub mod reconciliation;
pub mod refund;
pub mod session;
pub mod user;
pub mod values;

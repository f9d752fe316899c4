//! The marketplace itself: pure. Nothing here knows of AWS, of HTTP or of a runtime.
//!
//! Read an entity's file for what it is, and its folder for what may be done to it, one command a file.

pub mod actor;
pub mod day;
pub mod dead_letter;
pub mod dispatch;
pub mod email;
pub mod id;
pub mod job;
pub mod market;
pub mod money;
pub mod order;
pub mod payment;
pub mod product;
pub mod reconciliation;
pub mod refund;
pub mod sale;
pub mod search;
pub mod session;
mod spelled;
pub mod subscriber;
pub mod tally;
pub mod text;
pub mod total;
pub mod user;

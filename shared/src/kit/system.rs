//! Clock, entropy source and environment of the process.

pub mod clock;
pub mod config;
mod rfc3339;
pub mod shard;

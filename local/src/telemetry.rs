//! Logs and metrics of the functions.

pub mod logs;
pub mod metrics;
pub mod terminal;

//! Commands of the worker that runs a job.

pub mod advance;
pub mod fail;
pub mod record_failed_attempt;
pub mod release;
pub mod resume;
pub mod start;

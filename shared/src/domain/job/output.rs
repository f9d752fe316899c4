//! Output of a job: its chunks and how long they are kept.

pub mod chunk;
pub mod retention;

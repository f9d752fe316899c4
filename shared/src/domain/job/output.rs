//! Output of a job: its chunks, the position in the input that they reach, and how long they are kept.

pub mod chunk;
pub mod cursor;
pub mod retention;

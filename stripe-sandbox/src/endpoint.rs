//! Endpoints of the sandbox.

mod read;
mod route;
mod write;

pub(super) use read::Read;
pub(super) use write::Write;

use crate::fault_rules::Operation;

/// Endpoint of the sandbox.
pub(super) enum Endpoint {
    Write(Write),
    Read(Read),
}

impl Endpoint {
    pub(super) fn operation(&self) -> Operation {
        match self {
            Self::Write(write) => write.operation(),
            Self::Read(read) => read.operation(),
        }
    }
}

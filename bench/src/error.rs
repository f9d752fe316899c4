//! Errors of the benchmark commands.

use std::io;

use local::faults::TlsError;

use crate::instructions::InstructionsError;
use crate::load::LoadError;
use crate::markdown_section::DocumentError;
use crate::pricing::PriceError;
use crate::scaling::{ChartError, ScalingError};

/// Error of a run.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A document cannot be read or written.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The scaling benchmark failed.
    #[error(transparent)]
    Scaling(#[from] ScalingError),
    /// The chart cannot be drawn.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// The load test failed.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Instructions cannot be counted.
    #[error(transparent)]
    Instructions(#[from] InstructionsError),
    /// The prices cannot be read.
    #[error(transparent)]
    Price(#[from] PriceError),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The record cannot be written, or a binary cannot be read.
    #[error(transparent)]
    File(#[from] io::Error),
}

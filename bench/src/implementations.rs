//! Implementations that are measured: Agora's functions, and those they are compared with.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::cli::Options;

/// An implementation of a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Implementation {
    /// Agora's function, with all of its features.
    Ours,
    /// A no-op function with a constant response.
    NoOp,
    /// The same work hand-tuned in Rust, without any other feature.
    HandTuned,
    /// The same work in Rust as in the getting-started examples.
    Plain,
    /// The same work with Node and Powertools for AWS Lambda.
    Node,
}

impl Implementation {
    /// All implementations.
    pub const ALL: [Self; 5] = [Self::Ours, Self::NoOp, Self::HandTuned, Self::Plain, Self::Node];

    /// Label in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ours => "Agora",
            Self::NoOp => "no-op function",
            Self::HandTuned => "hand-tuned Rust",
            Self::Plain => "plain Rust",
            Self::Node => "Node + Powertools",
        }
    }

    /// Folder of the binaries; `None` if the implementation is skipped.
    #[must_use]
    pub fn folder(self, options: &Options) -> Option<PathBuf> {
        match self {
            Self::Ours => Some(options.functions()),
            Self::NoOp | Self::HandTuned => Some(local::stack::default_bin_dir()),
            Self::Plain => options.plain.clone(),
            Self::Node => options.node.clone(),
        }
    }
}

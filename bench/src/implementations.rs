//! Who is measured: our functions, and what they are compared with.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::cli::Options;

/// Who does a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Implementation {
    /// Our function, with everything that it does.
    Ours,
    /// The least that Lambda takes: an answer that is always the same.
    Bare,
    /// The same work by hand, as well as we know how, and nothing besides.
    Best,
    /// The same work as the first page of the documentation has it.
    Plain,
    /// The same work with Node and Powertools for AWS Lambda.
    Node,
}

impl Implementation {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Ours, Self::Bare, Self::Best, Self::Plain, Self::Node];

    /// Its name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Bare => "bare function",
            Self::Best => "best Rust known",
            Self::Plain => "plain Rust",
            Self::Node => "Node + Powertools",
        }
    }

    /// The folder of its binaries; `None` if it is left out.
    #[must_use]
    pub fn folder(self, how: &Options) -> Option<PathBuf> {
        match self {
            Self::Ours => Some(how.functions()),
            Self::Bare | Self::Best => Some(local::stack::default_bin_dir()),
            Self::Plain => how.plain.clone(),
            Self::Node => how.node.clone(),
        }
    }
}

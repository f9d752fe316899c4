//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Measures the functions as Lambda runs them.
#[derive(Debug, Clone, Parser)]
#[command(name = "bench", version)]
pub struct Cli {
    /// What to measure; everything, if nothing is named.
    #[command(subcommand)]
    pub what: Option<Suite>,
    /// How, and where to tell of it.
    #[command(flatten)]
    pub how: Options,
}

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Suite {
    /// Requests and capacity units of each operation; the same on any machine.
    Counts,
    /// Instructions of a warm invocation, under callgrind; nearly the same on any machine.
    Instructions,
    /// Requests, units and latency on tables of up to a million items, and queues of up to a hundred thousand messages; for
    /// a machine that has nothing else to do.
    Growth,
    /// Many requests at once, for seven minutes, on the whole system; for a machine that has nothing else to do.
    Load,
    /// Cold starts, latency, processor time and memory; for a machine that has nothing else to do.
    Times,
}

/// How it is measured.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Put the figures into the documents.
    #[arg(long, global = true)]
    pub write: bool,
    /// Folder of the functions' binaries; beside this program, if not given.
    #[arg(long, value_name = "FOLDER", global = true)]
    pub bins: Option<PathBuf>,
    /// Folder of the binary `plain`, what one gets without a thought; left out, if not given.
    #[arg(long, value_name = "FOLDER", global = true)]
    pub plain: Option<PathBuf>,
    /// Folder of the function for Node with its packages installed; left out, if not given.
    #[arg(long, value_name = "FOLDER", global = true)]
    pub node: Option<PathBuf>,
    /// The program k6; that of the path, if not given.
    #[arg(long, value_name = "PROGRAM", global = true)]
    pub k6: Option<PathBuf>,
    /// Warm invocations of each workload, by each subject and at each distance.
    #[arg(long, default_value_t = 1_000, global = true)]
    pub warm: usize,
    /// Cold starts of each.
    #[arg(long, default_value_t = 15, global = true)]
    pub cold: usize,
}

impl Options {
    /// Where the functions are.
    #[must_use]
    pub fn functions(&self) -> PathBuf {
        self.bins.clone().unwrap_or_else(local::stack::default_bin_dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_may_stand_before_and_behind_what_is_measured() {
        let before = Cli::parse_from(["bench", "--write", "counts"]);
        let behind = Cli::parse_from(["bench", "counts", "--write"]);
        assert_eq!((before.what, before.how.write), (Some(Suite::Counts), true));
        assert_eq!((behind.what, behind.how.write), (before.what, before.how.write));
        assert_eq!(Cli::parse_from(["bench"]).what, None);
    }
}

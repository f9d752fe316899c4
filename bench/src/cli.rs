//! Command line of `bench`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Benchmarks the functions as Lambda runs them.
#[derive(Debug, Clone, Parser)]
#[command(name = "bench", version)]
pub struct Cli {
    /// Benchmark to run; all of them by default.
    #[command(subcommand)]
    pub suite: Option<Suite>,
    /// Options of all benchmarks.
    #[command(flatten)]
    pub options: Options,
}

/// A benchmark that can be run on its own.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Suite {
    /// Requests and capacity units of each operation; identical on every machine.
    Counts,
    /// Instructions of a warm invocation, counted by callgrind; nearly identical on every machine.
    Instructions,
    /// Scaling benchmark: requests, units and latency on tables with up to a million items and queues with up
    /// to a hundred thousand messages; needs an idle machine.
    Growth,
    /// Load test of the whole system for seven minutes; needs an idle machine.
    Load,
    /// Cold starts, latency, CPU time and memory; needs an idle machine.
    Times,
    /// Cold starts, measured alternately, and zip sizes of two builds of the functions.
    Builds {
        /// Folder of the binaries of the earlier build.
        #[arg(value_name = "FOLDER")]
        earlier: PathBuf,
    },
}

/// Options of a benchmark.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Write the results into the documents.
    #[arg(long, global = true)]
    pub write: bool,
    /// Folder of the functions' binaries; by default the folder of this program.
    #[arg(long, value_name = "FOLDER", global = true)]
    pub bins: Option<PathBuf>,
    /// Folder of the binary `plain`; skipped if not given.
    #[arg(long, value_name = "FOLDER", global = true)]
    pub plain: Option<PathBuf>,
    /// Folder of the Node functions with their packages installed; skipped if not given.
    #[arg(long, value_name = "FOLDER", global = true)]
    pub node: Option<PathBuf>,
    /// The program k6; by default looked up in `PATH`.
    #[arg(long, value_name = "PROGRAM", global = true)]
    pub k6: Option<PathBuf>,
    /// Warm invocations of each workload, for each implementation and each simulated latency.
    #[arg(long, default_value_t = 1_000, global = true)]
    pub warm: usize,
    /// Cold starts of each workload, for each implementation and each simulated latency.
    #[arg(long, default_value_t = 15, global = true)]
    pub cold: usize,
}

impl Options {
    /// Folder of the functions' binaries.
    #[must_use]
    pub fn functions(&self) -> PathBuf {
        self.bins.clone().unwrap_or_else(local::stack::default_bin_dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_accepted_before_and_after_the_suite() {
        let before = Cli::parse_from(["bench", "--write", "counts"]);
        let after = Cli::parse_from(["bench", "counts", "--write"]);
        assert_eq!((&before.suite, before.options.write), (&Some(Suite::Counts), true));
        assert_eq!((after.suite, after.options.write), (before.suite, before.options.write));
        assert_eq!(Cli::parse_from(["bench"]).suite, None);
    }
}

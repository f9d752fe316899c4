//! Command line of `fault-tests`.

use std::ops::Range;
use std::path::PathBuf;

use clap::{Args, Parser};

/// Tests the real function binaries under injected faults: nothing may be lost or duplicated.
#[derive(Debug, Clone, Parser)]
#[command(name = "fault-tests", version)]
pub struct Cli {
    /// Seed of all random decisions.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Run the short form, as `make test` does.
    #[arg(long)]
    pub short: bool,
    /// Run only this fault test; can be given several times.
    #[arg(long, value_name = "FAULT")]
    pub only: Vec<String>,
    /// Run only these trials of the selected fault tests, like `40..41`.
    #[arg(long, value_parser = range, requires = "only")]
    pub trials: Option<Range<u64>>,
    /// Continue an interrupted run with this seed.
    #[arg(long)]
    pub resume: bool,
    /// Number of stacks that run concurrently.
    #[arg(long, default_value_t = 2)]
    pub jobs: usize,
    /// Folder of the functions' binaries; by default the folder of this program.
    #[arg(long, value_name = "FOLDER")]
    pub bins: Option<PathBuf>,
    /// Lists to print instead of a run.
    #[command(flatten)]
    pub lists: Lists,
    /// Only seed this bug, and check that it is detected; can be given several times.
    #[arg(long, value_name = "BUG")]
    pub seed_bug: Vec<String>,
    /// Write the report into this document, between its two markers.
    #[arg(long, value_name = "DOCUMENT")]
    pub write: Option<PathBuf>,
}

/// Lists of the command line.
#[derive(Debug, Clone, Copy, Args)]
pub struct Lists {
    /// List the fault tests.
    #[arg(long)]
    pub list: bool,
    /// List the bugs that can be seeded.
    #[arg(long)]
    pub list_bugs: bool,
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let (first, end) = text.split_once("..").ok_or("expected a range like 40..41")?;
    let number = |text: &str| text.trim().parse().map_err(|_| format!("`{text}` is not a number"));
    Ok(number(first)?..number(end)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_that_repeats_a_trial_is_parsed() {
        let cli = Cli::parse_from(["fault-tests", "--seed", "7", "--only", "kills", "--trials", "40..41"]);
        assert_eq!((cli.seed, cli.trials), (7, Some(40..41)));
        assert!(Cli::try_parse_from(["fault-tests", "--trials", "40..41"]).is_err());
        assert!(Cli::try_parse_from(["fault-tests", "--only", "kills", "--trials", "x"]).is_err());
    }
}

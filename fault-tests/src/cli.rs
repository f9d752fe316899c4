//! The command line.

use std::ops::Range;
use std::path::PathBuf;

use clap::{Args, Parser};

/// Proves over the real function binaries that nothing is lost or doubled.
#[derive(Debug, Clone, Parser)]
#[command(name = "proofs", version)]
pub struct Cli {
    /// Decides on everything that is left to chance.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Only as much as `make test` has time for.
    #[arg(long)]
    pub short: bool,
    /// Only this proof; can be given several times.
    #[arg(long, value_name = "PROOF")]
    pub only: Vec<String>,
    /// Only these trials of it, like `40..41`.
    #[arg(long, value_parser = range, requires = "only")]
    pub trials: Option<Range<u64>>,
    /// Go on where an earlier run with this seed was interrupted.
    #[arg(long)]
    pub resume: bool,
    /// How many stacks run at a time.
    #[arg(long, default_value_t = 2)]
    pub jobs: usize,
    /// Folder of the functions' binaries; beside this program, if not given.
    #[arg(long, value_name = "FOLDER")]
    pub bins: Option<PathBuf>,
    /// What to list instead.
    #[command(flatten)]
    pub lists: Lists,
    /// Only plant this bug and see it caught; can be given several times.
    #[arg(long, value_name = "BUG")]
    pub seed_bug: Vec<String>,
    /// Put the report into this document, between its two marks.
    #[arg(long, value_name = "DOCUMENT")]
    pub write: Option<PathBuf>,
}

/// What there is to list.
#[derive(Debug, Clone, Copy, Args)]
pub struct Lists {
    /// List the proofs.
    #[arg(long)]
    pub list: bool,
    /// List the bugs that can be planted.
    #[arg(long)]
    pub list_bugs: bool,
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let (first, end) = text.split_once("..").ok_or("it should look like 40..41")?;
    let number = |text: &str| text.trim().parse().map_err(|_| format!("{text} is no number"));
    Ok(number(first)?..number(end)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_that_repeats_a_trial_is_understood() {
        let cli = Cli::parse_from(["proofs", "--seed", "7", "--only", "kills", "--trials", "40..41"]);
        assert_eq!((cli.seed, cli.trials), (7, Some(40..41)));
        assert!(Cli::try_parse_from(["proofs", "--trials", "40..41"]).is_err());
        assert!(Cli::try_parse_from(["proofs", "--only", "kills", "--trials", "x"]).is_err());
    }
}

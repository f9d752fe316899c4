//! Instructions of a warm invocation, counted by callgrind: a figure that the load of a machine does not change, so that a
//! change of the code that makes it grow is seen.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::Options;
use crate::fixture::Fixture;
use crate::implementations::Implementation;
use crate::launcher;
use crate::markdown_section::{DocumentError, MarkedSection};
use crate::runner::{Runner, SimulatedLatency};
use crate::statistics::{decimal, hundredths};
use crate::workloads::{self, Workload};

/// Where the figures stand that later ones are held against: functions that are built for tests have figures of their own.
pub const RECORDED: MarkedSection = MarkedSection {
    document: "docs/performance.md",
    name: if cfg!(debug_assertions) { "instructions-of-tests" } else { "instructions" },
};

/// Invocations of the short run and of the long run; what the long one takes more, its further invocations take.
const RUNS: [usize; 2] = [20, 60];

/// How often each run is done, of which the least counts: a cache that something has become too old in, or a minute that ends,
/// for which grants are asked anew, takes as much as several warm invocations.
const ATTEMPTS: usize = 2;

/// What an invocation may take of what is recorded, in hundredths: the seeds of hash maps and the moments of timers differ,
/// and what a library chooses for the processor at hand.
const MOST: u64 = 110;

/// Why instructions cannot be counted.
#[derive(Debug, thiserror::Error)]
pub enum InstructionsError {
    /// There is no callgrind.
    #[error("valgrind is not installed: {0}")]
    NoValgrind(io::Error),
    /// A file cannot be written or read.
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    /// A function ended without its count.
    #[error("callgrind left no count in {0}")]
    NoCount(PathBuf),
    /// The document has no place for it.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// TLS is not asked for, and cannot be missing.
    #[error(transparent)]
    Theatre(#[from] local::faults::TlsError),
}

/// The instructions of a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instructions {
    /// The workload.
    pub workload: String,
    /// How many a warm invocation takes.
    pub count: u64,
    /// How many a process takes besides, for its start, its first invocation and its end. Reading the certificates of the
    /// machine is most of it, so that no figure is held against that of another machine.
    pub process: u64,
}

/// Counts them for each workload.
///
/// # Errors
/// [`InstructionsError`].
pub async fn count(stage: &Fixture, how: &Options) -> Result<Vec<Instructions>, InstructionsError> {
    let valgrind = Command::new("valgrind").arg("--version").output();
    valgrind.map_err(InstructionsError::NoValgrind)?;
    let mut counted = Vec::new();
    for workload in &workloads::ALL {
        let Some((_, function)) =
            workload.done_by.iter().find(|(subject, _)| *subject == Implementation::Ours)
        else {
            continue;
        };
        let [few, many] = RUNS;
        let less = least(workload, function, few, (stage, how)).await?;
        let more = least(workload, function, many, (stage, how)).await?;
        let [few, further] = [few, many - few].map(|invocations| u64::try_from(invocations).unwrap_or(1));
        let count = more.saturating_sub(less) / further;
        let process = less.saturating_sub(count * few);
        eprintln!("[instructions] {}: {count}, and {process} for the process", workload.name);
        counted.push(Instructions { workload: workload.name.to_owned(), count, process });
    }
    Ok(counted)
}

/// The instructions of the run that took the least.
async fn least(
    workload: &Workload,
    function: &str,
    invocations: usize,
    stage: (&Fixture, &Options),
) -> Result<u64, InstructionsError> {
    let mut least = u64::MAX;
    for _ in 0..ATTEMPTS {
        least = least.min(run(workload, function, invocations, stage).await?);
    }
    Ok(least)
}

/// The instructions of a process from its start to its end, with so many invocations in between.
async fn run(
    workload: &Workload,
    function: &str,
    invocations: usize,
    (stage, how): (&Fixture, &Options),
) -> Result<u64, InstructionsError> {
    let folder = test_support::workspace("target/bench/callgrind");
    let counts = folder.join(format!("{}-{invocations}.out", workload.name));
    wrap(&folder, function, &how.functions(), &counts)?;
    let wrapped = Options { bins: Some(folder), ..how.clone() };
    let theatre = Runner::open(stage, &wrapped, SimulatedLatency::NONE)?;
    for event in workload.events(stage, invocations).await {
        let taken = theatre.invoke((Implementation::Ours, function), &event).await;
        assert!((workload.holds)(&taken.answer), "{}: {}", workload.name, taken.answer);
    }
    // It writes its count when it ends.
    theatre.close().await;
    let text = fs::read_to_string(&counts).map_err(|error| InstructionsError::File(counts.clone(), error))?;
    total(&text).ok_or(InstructionsError::NoCount(counts))
}

/// Puts a script into `folder` that runs the function under callgrind.
fn wrap(folder: &Path, function: &str, bins: &Path, counts: &Path) -> Result<(), InstructionsError> {
    let failed = |error| InstructionsError::File(folder.to_owned(), error);
    let bins = fs::canonicalize(bins).map_err(failed)?;
    let command = format!(
        "valgrind --quiet --tool=callgrind --callgrind-out-file='{}' '{}'",
        counts.display(),
        bins.join(function).display()
    );
    launcher::write(folder, function, &command)
        .and_then(|()| if counts.exists() { fs::remove_file(counts) } else { Ok(()) })
        .map_err(failed)
}

/// The count at the end of what callgrind writes ("Callgrind Profile Format": `totals`, or `summary`).
fn total(text: &str) -> Option<u64> {
    let line = |name| text.lines().rev().find_map(|line| line.strip_prefix(name));
    line("totals:").or_else(|| line("summary:"))?.trim().parse().ok()
}

/// As a table, in Markdown.
#[must_use]
pub fn table(counted: &[Instructions]) -> String {
    let mut table = "| workload | a warm invocation | the process besides |\n|---|---:|---:|\n".to_owned();
    for Instructions { workload, count, process } in counted {
        let _ = writeln!(table, "| {workload} | {count} | {process} |");
    }
    table
}

/// Those that grew: what is said of each.
#[must_use]
pub fn grown(counted: &[Instructions], recorded: &str) -> Vec<String> {
    let before = |workload: &str| {
        let row = recorded.lines().find_map(|line| line.strip_prefix(&format!("| {workload} | ")))?;
        row.split(' ').next()?.parse::<u64>().ok()
    };
    let grew = |Instructions { workload, count, .. }: &Instructions| {
        let share = hundredths(*count, before(workload)?)?;
        let told = || format!("{workload}: {count} instructions, {} × what is recorded", decimal(share));
        (share > MOST).then(told)
    };
    counted.iter().filter_map(grew).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grew_by_more_than_a_tenth_is_told_and_what_is_new_is_not() {
        let instructions =
            |workload: &str, count| Instructions { workload: workload.to_owned(), count, process: count * 9 };
        let recorded = table(&[instructions("get-order", 1_000), instructions("place-order", 1_000)]);
        let now =
            [instructions("get-order", 1_100), instructions("place-order", 1_110), instructions("x", 9)];
        assert_eq!(grown(&now, &recorded), ["place-order: 1110 instructions, 1.11 × what is recorded"]);
    }

    #[test]
    fn the_count_of_callgrind_is_read_from_the_end() {
        assert_eq!(total("events: Ir\nsummary: 7\n\ntotals: 12345\n"), Some(12_345));
        assert_eq!(total("events: Ir\nsummary: 7\n"), Some(7));
        assert_eq!(total("events: Ir\n"), None);
    }
}

//! Instruction counts of a warm invocation, measured by callgrind: they do not depend on the load of the
//! machine, so that they reveal regressions of the code.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use local::StackBuilder;
use shared::kit::resilience::rate_limit::Quota;
use shared::kit::system::clock::{Clock, SystemClock};

use crate::cli::Options;
use crate::fixture::Fixture;
use crate::implementations::Implementation;
use crate::launcher;
use crate::markdown_section::{DocumentError, MarkedSection};
use crate::runner::{Runner, SimulatedLatency};
use crate::statistics::{decimal, hundredths};
use crate::workloads::{self, Workload};

/// Section with the recorded counts that new ones are compared with. Test builds have their own section.
pub const RECORDED: MarkedSection = MarkedSection {
    document: "docs/performance.md",
    name: if cfg!(debug_assertions) { "instructions-of-tests" } else { "instructions" },
};

/// Invocations of the short and the long run; the difference of their counts belongs to the additional
/// invocations.
const RUNS: [usize; 2] = [20, 60];

/// Maximum length of a rate-limit window in seconds.
const WINDOW_SECONDS: u64 = 3_600;

/// Repetitions of each run, of which the minimum counts: reloading an expired cache entry takes as many
/// instructions as several warm invocations.
const ATTEMPTS: usize = 2;

/// Maximum ratio to the recorded count, in hundredths: hash map seeds, timers and CPU-specific library code
/// vary.
const MAX_INSTRUCTION_GROWTH: u64 = 110;

/// Error while counting instructions.
#[derive(Debug, thiserror::Error)]
pub enum InstructionsError {
    /// Valgrind, which contains callgrind, is not installed.
    #[error("valgrind is not installed: {0}")]
    NoValgrind(io::Error),
    /// A file cannot be read or written.
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    /// A function terminated without a count.
    #[error("callgrind wrote no count to {0}")]
    NoCount(PathBuf),
    /// A document cannot be read or written.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] local::faults::TlsError),
}

/// Instruction counts of a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instructions {
    /// Name of the workload.
    pub workload: String,
    /// Instructions of a warm invocation.
    pub count: u64,
    /// Instructions of the rest of the process: its start, first invocation and end. Most of them read the
    /// certificates of the machine, so that counts of different machines are not comparable.
    pub process: u64,
}

/// Counts the instructions of each workload.
///
/// # Errors
/// [`InstructionsError`].
pub async fn count(options: &Options) -> Result<Vec<Instructions>, InstructionsError> {
    let valgrind = Command::new("valgrind").arg("--version").output();
    valgrind.map_err(InstructionsError::NoValgrind)?;
    let mut counted = Vec::new();
    for workload in &workloads::ALL {
        let Some((_, function)) =
            workload.binaries.iter().find(|(implementation, _)| *implementation == Implementation::Ours)
        else {
            continue;
        };
        let [few, many] = RUNS;
        let fixture = &Box::pin(fixture(options)).await;
        let short = fewest_instructions(workload, function, few, fixture, options).await?;
        let long = fewest_instructions(workload, function, many, fixture, options).await?;
        let [few, additional] = [few, many - few].map(|invocations| u64::try_from(invocations).unwrap_or(1));
        let count = long.saturating_sub(short) / additional;
        let process = short.saturating_sub(count * few);
        eprintln!(
            "[instructions] {}: {count} per invocation, {process} for the rest of the process",
            workload.name
        );
        counted.push(Instructions { workload: workload.name.to_owned(), count, process });
    }
    Ok(counted)
}

/// Fixture with rate-limit windows of such a length that a segment has just begun. The segment lasts longer
/// than the runs of a workload, so the number of leases that the rate limiter needs does not depend on the
/// time.
async fn fixture(options: &Options) -> Fixture {
    let now = SystemClock.now();
    let windows = (WINDOW_SECONDS * 9 / 10..=WINDOW_SECONDS).map(Duration::from_secs);
    let window = windows.min_by_key(|window| Quota { limit: 1, window: *window }.segment_at(now).past);
    let seconds = window.unwrap_or_default().as_secs().to_string();
    let settings = |builder: StackBuilder| {
        let parameters = ["ReadLimitSeconds", "WriteLimitSeconds", "OrderLimitSeconds"].into_iter();
        parameters.fold(builder.streams(false), |builder, name| builder.parameter(name, &seconds))
    };
    Fixture::with_settings(&options.functions(), settings).await
}

/// Minimum instruction count of several runs.
async fn fewest_instructions(
    workload: &Workload,
    function: &str,
    invocations: usize,
    fixture: &Fixture,
    options: &Options,
) -> Result<u64, InstructionsError> {
    let mut fewest = u64::MAX;
    for _ in 0..ATTEMPTS {
        fewest = fewest.min(run(workload, function, invocations, fixture, options).await?);
    }
    Ok(fewest)
}

/// Instructions of a whole process that handles `invocations` events.
async fn run(
    workload: &Workload,
    function: &str,
    invocations: usize,
    fixture: &Fixture,
    options: &Options,
) -> Result<u64, InstructionsError> {
    let folder = test_support::workspace("target/bench/callgrind");
    let counts = folder.join(format!("{}-{invocations}.out", workload.name));
    write_launcher(&folder, function, &options.functions(), &counts)?;
    let wrapped = Options { bins: Some(folder), ..options.clone() };
    let runner = Runner::open(fixture, &wrapped, SimulatedLatency::NONE)?;
    for event in workload.events(fixture, invocations).await {
        let measurement = runner.invoke((Implementation::Ours, function), &event).await;
        assert!((workload.is_expected)(&measurement.response), "{}: {}", workload.name, measurement.response);
    }
    // Callgrind writes its count when the process terminates.
    runner.close().await;
    let text = fs::read_to_string(&counts).map_err(|error| InstructionsError::File(counts.clone(), error))?;
    total(&text).ok_or(InstructionsError::NoCount(counts))
}

/// Writes a launcher script to `folder` that runs the function under callgrind.
fn write_launcher(
    folder: &Path,
    function: &str,
    bins: &Path,
    counts: &Path,
) -> Result<(), InstructionsError> {
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

/// Parses the total of a callgrind output file ("Callgrind Profile Format": `totals`, or `summary`).
fn total(text: &str) -> Option<u64> {
    let line = |name| text.lines().rev().find_map(|line| line.strip_prefix(name));
    line("totals:").or_else(|| line("summary:"))?.trim().parse().ok()
}

/// Markdown table of the counts.
#[must_use]
pub fn table(counted: &[Instructions]) -> String {
    let mut table = "| workload | warm invocation | rest of the process |\n|---|---:|---:|\n".to_owned();
    for Instructions { workload, count, process } in counted {
        let _ = writeln!(table, "| {workload} | {count} | {process} |");
    }
    table
}

/// Describes each workload whose count grew beyond the maximum.
#[must_use]
pub fn grown(counted: &[Instructions], recorded: &str) -> Vec<String> {
    let before = |workload: &str| {
        let row = recorded.lines().find_map(|line| line.strip_prefix(&format!("| {workload} | ")))?;
        row.split(' ').next()?.parse::<u64>().ok()
    };
    let description_if_grown = |Instructions { workload, count, .. }: &Instructions| {
        let share = hundredths(*count, before(workload)?)?;
        let text = || format!("{workload}: {count} instructions, {} × the recorded count", decimal(share));
        (share > MAX_INSTRUCTION_GROWTH).then(text)
    };
    counted.iter().filter_map(description_if_grown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_above_ten_percent_is_reported_and_new_workload_is_not() {
        let instructions =
            |workload: &str, count| Instructions { workload: workload.to_owned(), count, process: count * 9 };
        let recorded = table(&[instructions("get-order", 1_000), instructions("place-order", 1_000)]);
        let now =
            [instructions("get-order", 1_100), instructions("place-order", 1_110), instructions("x", 9)];
        assert_eq!(grown(&now, &recorded), ["place-order: 1110 instructions, 1.11 × the recorded count"]);
    }

    #[test]
    fn callgrind_total_is_read_from_the_end_of_the_file() {
        assert_eq!(total("events: Ir\nsummary: 7\n\ntotals: 12345\n"), Some(12_345));
        assert_eq!(total("events: Ir\nsummary: 7\n"), Some(7));
        assert_eq!(total("events: Ir\n"), None);
    }
}

//! How it went, in one table.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;
use std::{fs, io};

use crate::fault::FaultInfo;
use crate::run_log::CompletedBatch;
use crate::seeded_bugs::Detection;

/// Between these two lines the report stands in a document.
const MARKS: (&str, &str) = ("<!-- proofs: begin -->", "<!-- proofs: end -->");

/// A document without the marks.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// It cannot be read or written.
    #[error(transparent)]
    File(#[from] io::Error),
    /// There is no place for a report in it.
    #[error("there is no line {} with a line {} behind it", MARKS.0, MARKS.1)]
    NoPlace,
}

/// The table of proofs, in Markdown: what was done how often, and what was found.
#[must_use]
pub fn table(proofs: &[FaultInfo], done: &[CompletedBatch]) -> String {
    let mut table = "| proof | a trial | trials | violations | time |\n|---|---|---:|---:|---:|\n".to_owned();
    let (mut trials, mut violations, mut time) = (0, 0, 0);
    for proof in proofs {
        let of: Vec<&CompletedBatch> = done.iter().filter(|done| done.fault == proof.name).collect();
        if of.is_empty() {
            continue;
        }
        let made: u64 = of.iter().map(|done| done.made).sum();
        let found: usize = of.iter().map(|done| done.findings.len()).sum();
        let took: u64 = of.iter().map(|done| done.milliseconds).sum();
        let _ =
            writeln!(table, "| {} | {} | {made} | {found} | {} |", proof.name, proof.description, span(took));
        (trials, violations, time) = (trials + made, violations + found, time + took);
    }
    let _ = writeln!(table, "| all | | {trials} | {violations} | {} |", span(time));
    table
}

/// What became of the planted bugs: one line, and one more for each that was missed.
#[must_use]
pub fn caught(verdicts: &[Detection]) -> String {
    let missed: Vec<&Detection> = verdicts.iter().filter(|verdict| !verdict.is_caught()).collect();
    let mut text = format!("planted bugs caught: {} of {}\n", verdicts.len() - missed.len(), verdicts.len());
    for verdict in missed {
        let broken: Vec<&str> = verdict.broken().iter().map(|invariant| invariant.as_str()).collect();
        let _ = writeln!(text, "missed: {} (broken: {})", verdict.planted.name, broken.join(", "));
    }
    text
}

/// Puts a report into a document, between its two marks.
///
/// # Errors
/// [`WriteError`].
pub fn write(path: &Path, report: &str) -> Result<(), WriteError> {
    let text = fs::read_to_string(path)?;
    let (before, rest) = text.split_once(MARKS.0).ok_or(WriteError::NoPlace)?;
    let (_, after) = rest.split_once(MARKS.1).ok_or(WriteError::NoPlace)?;
    Ok(fs::write(path, format!("{before}{}\n{}\n{}{after}", MARKS.0, report.trim(), MARKS.1))?)
}

fn span(milliseconds: u64) -> String {
    let seconds = Duration::from_millis(milliseconds).as_secs();
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min {} s", seconds / 60, seconds % 60) }
}

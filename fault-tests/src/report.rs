//! Report of the results as a Markdown table.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;
use std::{fs, io};

use crate::fault::FaultInfo;
use crate::run_log::CompletedBatch;
use crate::seeded_bugs::Detection;

/// Lines before and after the report in a document.
const MARKERS: (&str, &str) = ("<!-- fault-tests: begin -->", "<!-- fault-tests: end -->");

/// Error while writing the report.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The document cannot be read or written.
    #[error(transparent)]
    File(#[from] io::Error),
    /// The document does not contain the markers.
    #[error("the document has no line {} followed by a line {}", MARKERS.0, MARKERS.1)]
    MissingMarkers,
}

/// Markdown table of the fault tests, with the number of trials and violations.
#[must_use]
pub fn table(faults: &[FaultInfo], done: &[CompletedBatch]) -> String {
    let mut table =
        "| fault test | trial | trials | violations | time |\n|---|---|---:|---:|---:|\n".to_owned();
    let (mut trials, mut violations, mut time) = (0, 0, 0);
    for fault in faults {
        let batches: Vec<&CompletedBatch> = done.iter().filter(|done| done.fault == fault.name).collect();
        if batches.is_empty() {
            continue;
        }
        let made: u64 = batches.iter().map(|done| done.made).sum();
        let found: usize = batches.iter().map(|done| done.findings.len()).sum();
        let took: u64 = batches.iter().map(|done| done.milliseconds).sum();
        let _ = writeln!(
            table,
            "| {} | {} | {made} | {found} | {} |",
            fault.name,
            fault.description,
            duration(took)
        );
        (trials, violations, time) = (trials + made, violations + found, time + took);
    }
    let _ = writeln!(table, "| all | | {trials} | {violations} | {} |", duration(time));
    table
}

/// Number of detected seeded bugs, and one line for each missed one.
#[must_use]
pub fn detected(detections: &[Detection]) -> String {
    let missed: Vec<&Detection> = detections.iter().filter(|detection| !detection.is_detected()).collect();
    let mut text =
        format!("seeded bugs detected: {} of {}\n", detections.len() - missed.len(), detections.len());
    for detection in missed {
        let violated: Vec<String> = detection.violated().iter().map(ToString::to_string).collect();
        let _ = writeln!(text, "missed: {} (violated: {})", detection.bug.name, violated.join(", "));
    }
    text
}

/// Writes the report into a document, between its two markers.
///
/// # Errors
/// [`WriteError`].
pub fn write(path: &Path, report: &str) -> Result<(), WriteError> {
    let text = fs::read_to_string(path)?;
    let (before, rest) = text.split_once(MARKERS.0).ok_or(WriteError::MissingMarkers)?;
    let (_, after) = rest.split_once(MARKERS.1).ok_or(WriteError::MissingMarkers)?;
    Ok(fs::write(path, format!("{before}{}\n{}\n{}{after}", MARKERS.0, report.trim(), MARKERS.1))?)
}

fn duration(milliseconds: u64) -> String {
    let seconds = Duration::from_millis(milliseconds).as_secs();
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min {} s", seconds / 60, seconds % 60) }
}

//! Table of a campaign: sequences, operations, violations and coverage.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use serde::Deserialize;
use test_support::workspace;

use crate::campaign::CampaignResult;
use crate::coverage::{Coverage, STATES};
use crate::operations::OPERATIONS;

/// Reasons why a pair is never reached.
#[derive(Debug, Clone, Deserialize)]
pub struct Unreached {
    status: Vec<UnreachedStatus>,
    state: Vec<UnreachedState>,
}

/// Statuses that are not reached.
#[derive(Debug, Clone, Deserialize)]
struct UnreachedStatus {
    status: u16,
    /// Operations; all if absent.
    operations: Option<Vec<String>>,
    reason: String,
}

/// States of resources in which operations are not reached.
#[derive(Debug, Clone, Deserialize)]
struct UnreachedState {
    kind: String,
    state: String,
    /// Operations; all if absent.
    operations: Option<Vec<String>>,
    reason: String,
}

impl Unreached {
    /// Reads `unreached.toml`.
    ///
    /// # Panics
    /// If the file is missing or malformed.
    #[must_use]
    pub fn read() -> Self {
        let path = workspace("tests/workload/unreached.toml");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Reason why an operation does not respond with a status.
    #[must_use]
    pub fn of_status(&self, operation: &str, status: u16) -> Option<&str> {
        let matching =
            |entry: &&UnreachedStatus| entry.status == status && names(entry.operations.as_ref(), operation);
        self.status.iter().find(matching).map(|entry| entry.reason.as_str())
    }

    /// Reason why an operation is not called about a resource in a state.
    #[must_use]
    pub fn of_state(&self, kind: &str, state: &str, operation: &str) -> Option<&str> {
        let matching = |entry: &&UnreachedState| {
            entry.kind == kind && entry.state == state && names(entry.operations.as_ref(), operation)
        };
        self.state.iter().find(matching).map(|entry| entry.reason.as_str())
    }
}

fn names(operations: Option<&Vec<String>>, operation: &str) -> bool {
    operations.is_none_or(|operations| operations.iter().any(|name| name == operation))
}

/// Renders the table of a campaign as Markdown.
#[must_use]
pub fn table(result: &CampaignResult, duration: Duration) -> String {
    let (coverage, unreached) = (&result.coverage, Unreached::read());
    let mut text = format!(
        "| sequences | responses | injected faults | violations | time |\n|---:|---:|---:|---:|---:|\n\
         | {} | {} | {} | {} | {} min |\n\n",
        result.sequences,
        coverage.responses(),
        result.faults,
        usize::from(result.failing.is_some()),
        duration.as_secs() / 60,
    );
    text.push_str("| operation | responses by status |\n|---|---|\n");
    for operation in OPERATIONS.values() {
        let reached = operation.statuses.iter().map(|status| (status, coverage.of(&operation.id, *status)));
        let reached =
            reached.filter(|(_, count)| *count > 0).map(|(status, count)| format!("{status}: {count}"));
        let _ = writeln!(text, "| {} | {} |", operation.id, reached.collect::<Vec<_>>().join(", "));
    }
    text.push_str("\n| resource | state | requests by operation |\n|---|---|---|\n");
    for (kind, states, operations) in STATES {
        for state in *states {
            let counts =
                operations.iter().map(|operation| (operation, coverage.of_state(kind, state, operation)));
            let counts = counts.filter(|(_, count)| *count > 0).map(|(id, count)| format!("{id}: {count}"));
            let _ = writeln!(text, "| {kind} | {state} | {} |", counts.collect::<Vec<_>>().join(", "));
        }
    }
    text.push_str("\n| not reached | reason |\n|---|---|\n");
    for (reason, pairs) in not_reached(coverage, &unreached) {
        let _ = writeln!(text, "| {} | {reason} |", pairs.join(", "));
    }
    text
}

/// Pairs that were not reached, by reason.
fn not_reached(coverage: &Coverage, unreached: &Unreached) -> BTreeMap<String, Vec<String>> {
    let mut by_reason: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut add = |reason: Option<&str>, pair: String| {
        by_reason.entry(reason.unwrap_or("none").to_owned()).or_default().push(pair);
    };
    for (operation, status) in coverage.missing() {
        add(unreached.of_status(operation, status), format!("{operation} {status}"));
    }
    for (kind, state, operation) in coverage.missing_states() {
        add(unreached.of_state(kind, state, operation), format!("{operation} of {kind} {state}"));
    }
    by_reason
}

/// Writes the table between the markers of docs/fault-tests.md.
///
/// # Panics
/// If the document cannot be read or written, or lacks the markers.
pub fn write(result: &CampaignResult, seed: u64, duration: Duration) {
    let path = workspace("docs/fault-tests.md");
    let text = fs::read_to_string(&path).expect("the document can be read");
    let (before, rest) = text.split_once(BEGIN).expect("the document has the first marker");
    let (_, after) = rest.split_once(END).expect("the document has the second marker");
    let minutes = duration.as_secs() / 60;
    let command = format!("`workload --seed {seed} --minutes {minutes}`");
    let table = table(result, duration);
    fs::write(&path, format!("{before}{BEGIN}\n{command}\n\n{table}{END}{after}"))
        .expect("the document is written");
}

/// Marker before the table.
const BEGIN: &str = "<!-- workload: begin -->";
/// Marker after the table.
const END: &str = "<!-- workload: end -->";

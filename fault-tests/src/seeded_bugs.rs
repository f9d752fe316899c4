//! Runs fault tests with seeded bugs, to check that they can detect a bug.

use std::collections::BTreeSet;

use test_support::audit::Invariant;
use test_support::seeded_bugs::SeededBug;

use crate::faults;
use crate::plan::Batch;
use crate::run::{self, Settings};
use crate::run_log::Finding;

/// Result of a seeded bug.
#[derive(Debug, Clone)]
pub struct Detection {
    /// Seeded bug.
    pub bug: &'static SeededBug,
    /// Violations that were found.
    pub findings: Vec<Finding>,
}

impl Detection {
    /// Returns true if the bug was detected: a violation of the invariant that the bug breaks.
    #[must_use]
    pub fn is_detected(&self) -> bool {
        self.violated().contains(&self.bug.invariant)
    }

    /// Violated invariants.
    #[must_use]
    pub fn violated(&self) -> BTreeSet<Invariant> {
        self.findings.iter().map(|finding| finding.violation.invariant).collect()
    }
}

/// Seeds a bug, and runs the fault test that must detect it.
///
/// # Panics
/// If the catalogue names an unknown fault test, or the stack does not start.
pub async fn run(bug: &'static SeededBug, settings: &Settings) -> Detection {
    let fault = faults::named(bug.detected_by).expect("the catalogue names an existing fault test");
    let batch = Batch { fault: fault.name(), numbers: 0..fault.trials_to_detect() };
    let done = Box::pin(run::batch(&batch, settings, Some(bug))).await;
    Detection { bug, findings: done.findings }
}

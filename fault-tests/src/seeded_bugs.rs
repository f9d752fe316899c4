//! Planted bugs: each proof that cannot fail is none.

use std::collections::BTreeSet;

use test_support::audit::Invariant;
use test_support::seeded_bugs::SeededBug;

use crate::fault;
use crate::plan::Batch;
use crate::run::{self, Settings};
use crate::run_log::Finding;

/// What became of a planted bug.
#[derive(Debug, Clone)]
pub struct Detection {
    /// The bug.
    pub planted: &'static SeededBug,
    /// What was found.
    pub findings: Vec<Finding>,
}

impl Detection {
    /// Whether it was caught: what was found breaks the very promise that the bug was to break.
    #[must_use]
    pub fn is_caught(&self) -> bool {
        self.broken().contains(&self.planted.invariant)
    }

    /// The promises that were found to be broken.
    #[must_use]
    pub fn broken(&self) -> BTreeSet<Invariant> {
        self.findings.iter().map(|finding| finding.violation.invariant).collect()
    }
}

/// Plants a bug, and runs what must notice.
///
/// # Panics
/// If the catalogue names a proof that there is not, or the stack does not start.
pub async fn run(planted: &'static SeededBug, settings: &Settings) -> Detection {
    let fault = fault::named(planted.shown_by).expect("the catalogue names proofs that there are");
    let batch = Batch { fault: fault.name(), numbers: 0..fault.trials_to_detect() };
    let done = Box::pin(run::batch(&batch, settings, Some(planted))).await;
    Detection { planted, findings: done.findings }
}

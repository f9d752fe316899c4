//! A fault test: how the fault is injected, how many trials, and the invariants that must hold.

use futures::future::BoxFuture;
use local::StackBuilder;

use crate::fixture::Fixture;
pub(crate) use crate::trial::Trials;

/// Number of trials of a fault test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialCounts {
    /// Trials in the long form.
    pub long: u64,
    /// Trials in the short form, which is part of `make test`.
    pub short: u64,
    /// Trials that share a stack.
    pub per_stack: u64,
}

/// A fault that is injected in every trial.
pub(crate) trait Fault: Sync {
    /// Name on the command line.
    fn name(&self) -> &'static str;

    /// Description of a trial.
    fn description(&self) -> &'static str;

    /// Number of trials.
    fn trial_counts(&self) -> TrialCounts;

    /// Number of trials that detect a seeded bug.
    fn trials_to_detect(&self) -> u64 {
        8
    }

    /// Stack settings of the fault test.
    fn stack_settings(&self, builder: StackBuilder) -> StackBuilder {
        builder
    }

    /// Runs trials, and records in the fixture how many faults really occurred and which violations were
    /// found. The caller then waits until the stack is idle, and audits it.
    fn run<'a>(&'a self, fixture: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()>;
}

/// Metadata of a fault test.
#[derive(Debug, Clone, Copy)]
pub struct FaultInfo {
    /// Name on the command line.
    pub name: &'static str,
    /// Description of a trial.
    pub description: &'static str,
    /// Number of trials.
    pub trial_counts: TrialCounts,
}

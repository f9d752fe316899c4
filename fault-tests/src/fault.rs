//! What a proof is: something that goes wrong, so and so often, and nothing may come of it.

use futures::future::BoxFuture;
use local::StackBuilder;

use crate::fixture::Fixture;
pub(crate) use crate::trial::Trials;

/// How often something is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialCounts {
    /// In the long form.
    pub long: u64,
    /// In the short one, which is part of `make test`.
    pub short: u64,
    /// How many trials share a stack.
    pub together: u64,
}

/// Something that goes wrong on purpose.
pub(crate) trait Fault: Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// What is done in a trial.
    fn description(&self) -> &'static str;

    /// How often.
    fn effort(&self) -> TrialCounts;

    /// How many trials it takes to show a planted bug.
    fn trials_to_detect(&self) -> u64 {
        8
    }

    /// What has to be other than usual in the shop that it happens in.
    fn shop(&self, builder: StackBuilder) -> StackBuilder {
        builder
    }

    /// Carries out trials, and notes at the bench how many were really made and what they found. The bench comes to rest
    /// and is audited afterwards.
    fn run<'a>(&'a self, bench: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()>;
}

/// A proof as the command line lists it.
#[derive(Debug, Clone, Copy)]
pub struct FaultInfo {
    /// Its name.
    pub name: &'static str,
    /// What is done in a trial.
    pub description: &'static str,
    /// How often.
    pub effort: TrialCounts,
}

/// Every proof there is.
pub fn all() -> impl Iterator<Item = FaultInfo> {
    crate::faults::ALL.iter().map(|fault| FaultInfo {
        name: fault.name(),
        description: fault.description(),
        effort: fault.effort(),
    })
}

/// The proof of this name.
pub(crate) fn named(name: &str) -> Option<&'static dyn Fault> {
    crate::faults::ALL.iter().copied().find(|fault| fault.name() == name)
}

//! Numbered trials of a fault test.

use std::ops::Range;

use crate::random::Random;

/// One trial.
#[derive(Debug, Clone)]
pub(crate) struct Trial {
    /// Number among the trials of the fault test.
    pub(crate) number: u64,
    /// Random generator of the trial.
    pub(crate) random: Random,
}

/// Trials of a fault test that share a stack.
#[derive(Debug, Clone)]
pub(crate) struct Trials {
    pub(crate) seed: u64,
    pub(crate) fault: &'static str,
    pub(crate) numbers: Range<u64>,
}

impl Trials {
    /// All trials.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Trial> + use<> {
        let Self { seed, fault, numbers } = self.clone();
        numbers.map(move |number| Trial { number, random: Random::of(seed, fault, number) })
    }

    /// Number of trials.
    pub(crate) fn count(&self) -> u64 {
        self.numbers.end - self.numbers.start
    }

    /// Random generator of the whole batch.
    pub(crate) fn random(&self) -> Random {
        Random::of(self.seed ^ 1, self.fault, self.numbers.start)
    }
}

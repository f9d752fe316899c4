//! Trials: what is done once, by its number.

use std::ops::Range;

use crate::random::Random;

/// One trial.
#[derive(Debug, Clone)]
pub(crate) struct Trial {
    /// Its number among those of its fault.
    pub(crate) number: u64,
    /// Chance of its own.
    pub(crate) random: Random,
}

/// The trials of a fault that share a stack.
#[derive(Debug, Clone)]
pub(crate) struct Trials {
    pub(crate) seed: u64,
    pub(crate) fault: &'static str,
    pub(crate) numbers: Range<u64>,
}

impl Trials {
    /// Each of them.
    pub(crate) fn each(&self) -> impl Iterator<Item = Trial> + use<> {
        let Self { seed, fault, numbers } = self.clone();
        numbers.map(move |number| Trial { number, random: Random::of(seed, fault, number) })
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.numbers.end - self.numbers.start
    }

    /// Chance that belongs to all of them.
    pub(crate) fn random(&self) -> Random {
        Random::of(self.seed ^ 1, self.fault, self.numbers.start)
    }
}

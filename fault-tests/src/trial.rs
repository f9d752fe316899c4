//! Numbered trials of a fault test.

use std::hash::Hasher as _;
use std::ops::Range;

use fastrand::Rng;
use fnv::FnvHasher;

/// One trial.
#[derive(Debug, Clone)]
pub(crate) struct Trial {
    /// Number among the trials of the fault test.
    pub(crate) number: u64,
    /// Random generator of the trial.
    pub(crate) rng: Rng,
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
        numbers.map(move |number| Trial { number, rng: rng(seed, fault, number) })
    }

    /// Number of trials.
    pub(crate) fn count(&self) -> u64 {
        self.numbers.end - self.numbers.start
    }

    /// Random generator of the whole batch.
    pub(crate) fn rng(&self) -> Rng {
        rng(self.seed ^ 1, self.fault, self.numbers.start)
    }
}

/// Random generator of one trial, determined by seed, fault and trial number.
fn rng(seed: u64, fault: &str, number: u64) -> Rng {
    let mut hasher = FnvHasher::default();
    hasher.write(&seed.to_le_bytes());
    hasher.write(fault.as_bytes());
    hasher.write(&number.to_le_bytes());
    Rng::with_seed(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generator_depends_on_seed_fault_and_trial_number() {
        let draw = |seed, fault, number| rng(seed, fault, number).u64(..);
        assert_eq!(draw(1, "kills", 7), draw(1, "kills", 7));
        assert_ne!(draw(1, "kills", 7), draw(2, "kills", 7));
        assert_ne!(draw(1, "kills", 7), draw(1, "calls", 7));
        assert_ne!(draw(1, "kills", 7), draw(1, "kills", 8));
    }
}

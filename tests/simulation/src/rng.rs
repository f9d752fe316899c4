//! Random decisions of a seed, identical in every process and on every machine. Cargo.lock fixes the algorithm
//! of the generator: another version of `fastrand` may give other schedules.

use std::sync::{Arc, Mutex, PoisonError};

use fastrand::Rng;
use shared::kit::system::clock::Entropy;

/// Returns true with a probability of `percent` per cent.
pub fn percent(rng: &mut Rng, percent: u64) -> bool {
    rng.u64(..100) < percent
}

/// Returns one of `choices`.
pub fn one_of<T: Copy>(rng: &mut Rng, choices: &[T]) -> T {
    choices[rng.usize(..choices.len())]
}

/// Decisions of the scheduler. They are counted; after the limit, the first choice is always taken and no
/// fault happens.
#[derive(Debug, Clone)]
pub struct DecisionStream {
    rng: Rng,
    made: usize,
    limit: usize,
}

impl DecisionStream {
    /// Creates at most `limit` decisions of this generator.
    #[must_use]
    pub const fn of(rng: Rng, limit: usize) -> Self {
        Self { rng, made: 0, limit }
    }

    /// Number of decisions so far.
    #[must_use]
    pub const fn made(&self) -> usize {
        self.made
    }

    /// Returns true if the limit is not reached.
    #[must_use]
    pub const fn decides(&self) -> bool {
        self.made < self.limit
    }

    /// Ends random decisions and faults.
    pub const fn stop_faults(&mut self) {
        self.limit = self.made;
    }

    /// Index of a randomly chosen weight; 0 after the limit.
    pub fn weigh(&mut self, weights: &[u64]) -> usize {
        if !self.decides() {
            return 0;
        }
        self.made += 1;
        let mut left = self.rng.u64(..weights.iter().sum::<u64>().max(1));
        for (index, weight) in weights.iter().enumerate() {
            if left < *weight {
                return index;
            }
            left -= weight;
        }
        0
    }

    /// Returns true with a probability of `per_mille` per thousand; false after the limit.
    pub fn happens(&mut self, per_mille: u64) -> bool {
        per_mille > 0 && self.weigh(&[1_000_u64.saturating_sub(per_mille), per_mille]) == 1
    }

    /// Returns a number from 0 to `max`; 0 after the limit.
    pub fn up_to(&mut self, max: u64) -> u64 {
        if !self.decides() {
            return 0;
        }
        self.made += 1;
        self.rng.u64(..=max)
    }
}

/// Entropy of the code under test, for ids and jitter.
#[derive(Debug, Clone)]
pub struct SimEntropy(Arc<Mutex<Rng>>);

impl SimEntropy {
    /// Creates entropy of this generator.
    #[must_use]
    pub fn of(rng: Rng) -> Self {
        Self(Arc::new(Mutex::new(rng)))
    }
}

impl Entropy for SimEntropy {
    fn random(&self) -> u128 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).u128(..)
    }
}

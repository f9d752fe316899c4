//! Random decisions of a seed, identical in every process and on every machine.

use std::sync::{Arc, Mutex, PoisonError};

use shared::kit::system::clock::Entropy;

/// `SplitMix64` (Steele, Lea, Flood 2014): small, deterministic, not cryptographic.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Creates a generator. Different streams of a seed are independent.
    #[must_use]
    pub const fn of(seed: u64, stream: u64) -> Self {
        Self(seed.wrapping_mul(0xd134_2543_de82_ef95) ^ stream.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    /// Returns the next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound.max(1)
    }

    /// Returns true with a probability of `percent` per cent.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Returns one of `choices`.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        let count = u64::try_from(choices.len()).unwrap_or(u64::MAX);
        choices[usize::try_from(self.below(count)).unwrap_or_default()]
    }
}

/// Decisions of the scheduler. They are counted; after the limit, the first choice is always taken and no
/// fault happens.
#[derive(Debug, Clone)]
pub struct DecisionStream {
    random: Random,
    made: usize,
    limit: usize,
}

impl DecisionStream {
    /// Creates the decisions of `seed`, at most `limit` of them.
    #[must_use]
    pub const fn of(seed: u64, limit: usize) -> Self {
        Self { random: Random::of(seed, 1), made: 0, limit }
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
        let mut left = self.random.below(weights.iter().sum());
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
        self.random.below(max.saturating_add(1))
    }
}

/// Entropy of the code under test, for ids and jitter.
#[derive(Debug, Clone)]
pub struct SimEntropy(Arc<Mutex<Random>>);

impl SimEntropy {
    /// Creates the entropy of `seed`.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Random::of(seed, 2))))
    }
}

impl Entropy for SimEntropy {
    fn random(&self) -> u128 {
        let mut random = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (u128::from(random.draw()) << 64) | u128::from(random.draw())
    }
}

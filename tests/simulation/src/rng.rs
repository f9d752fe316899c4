//! Decisions that a seed makes: the same seed decides alike, in every process and on every machine.

use std::sync::{Arc, Mutex, PoisonError};

use shared::kit::system::clock::Entropy;

/// `SplitMix64` (Steele, Lea, Flood 2014): tiny, and good enough where nothing must be secret.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// What `seed` leads to. Streams of one seed have nothing in common but the seed.
    #[must_use]
    pub const fn of(seed: u64, stream: u64) -> Self {
        Self(seed.wrapping_mul(0xd134_2543_de82_ef95) ^ stream.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound.max(1)
    }

    /// True in `percent` of a hundred throws.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `choices`.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        let count = u64::try_from(choices.len()).unwrap_or(u64::MAX);
        choices[usize::try_from(self.below(count)).unwrap_or_default()]
    }
}

/// What the scheduler asks at every step. Decisions are counted; after the last one that it is allowed, everything goes as
/// it should: what comes first goes first, and nothing fails any more.
#[derive(Debug, Clone)]
pub struct DecisionStream {
    random: Random,
    made: usize,
    limit: usize,
}

impl DecisionStream {
    /// The decisions of `seed`, no more than `limit` of them.
    #[must_use]
    pub const fn of(seed: u64, limit: usize) -> Self {
        Self { random: Random::of(seed, 1), made: 0, limit }
    }

    /// How many decisions were made.
    #[must_use]
    pub const fn made(&self) -> usize {
        self.made
    }

    /// Whether decisions are still made.
    #[must_use]
    pub const fn decides(&self) -> bool {
        self.made < self.limit
    }

    /// From now on everything goes as it should.
    pub const fn stop_faults(&mut self) {
        self.limit = self.made;
    }

    /// The place of one of these weights; the first, once all is calm.
    pub fn weigh(&mut self, weights: &[u64]) -> usize {
        if !self.decides() {
            return 0;
        }
        self.made += 1;
        let mut left = self.random.below(weights.iter().sum());
        for (place, weight) in weights.iter().enumerate() {
            if left < *weight {
                return place;
            }
            left -= weight;
        }
        0
    }

    /// True in `per_mille` of a thousand throws; never once all is calm.
    pub fn happens(&mut self, per_mille: u64) -> bool {
        per_mille > 0 && self.weigh(&[1_000_u64.saturating_sub(per_mille), per_mille]) == 1
    }

    /// A number from zero to `most`; zero once all is calm.
    pub fn up_to(&mut self, most: u64) -> u64 {
        if !self.decides() {
            return 0;
        }
        self.made += 1;
        self.random.below(most.saturating_add(1))
    }
}

/// Chance for the code under test: ids and jitter.
#[derive(Debug, Clone)]
pub struct SimEntropy(Arc<Mutex<Random>>);

impl SimEntropy {
    /// The throws of `seed`.
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

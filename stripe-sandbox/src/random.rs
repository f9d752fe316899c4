//! Seeded random generator. The same seed produces the same ids and decisions.

use jiff::Timestamp;
use ulid::Ulid;

/// `SplitMix64` (Steele, Lea, Flood 2014). Not for secrets.
#[derive(Clone, Debug)]
pub(super) struct Random {
    state: u64,
}

impl Random {
    pub(super) fn seeded(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns true with a probability of `percent` per cent.
    pub(super) fn happens(&mut self, percent: u8) -> bool {
        self.next() % 100 < u64::from(percent)
    }

    /// Generates an id with Stripe's prefix, such as `pi_01J…`. Ids sort by time.
    pub(super) fn id(&mut self, prefix: &str, now: Timestamp) -> String {
        let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or_default();
        let random = (u128::from(self.next()) << 64) | u128::from(self.next());
        format!("{prefix}_{}", Ulid::from_parts(milliseconds, random))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_produces_the_same_sequence() {
        let (mut one, mut other) = (Random::seeded(7), Random::seeded(7));
        assert_eq!(one.next(), other.next());
        assert_eq!(one.id("pi", Timestamp::UNIX_EPOCH), other.id("pi", Timestamp::UNIX_EPOCH));
        assert_ne!(one.next(), Random::seeded(8).next());
    }

    #[test]
    fn zero_percent_never_happens_and_100_percent_always() {
        let mut random = Random::seeded(1);
        assert!((0..100).all(|_| !random.happens(0) && random.happens(100)));
    }
}

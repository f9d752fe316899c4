//! Seeded randomness: the same seed gives the same identifiers and the same throws of the dice.

use jiff::Timestamp;
use ulid::Ulid;

/// `SplitMix64` (Steele, Lea, Flood 2014): tiny, and good enough where nothing must be secret.
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

    /// True in `percent` of a hundred throws.
    pub(super) fn chance(&mut self, percent: u8) -> bool {
        self.next() % 100 < u64::from(percent)
    }

    /// An identifier with Stripe's prefix, such as `pi_01J…`; it sorts by time.
    pub(super) fn id(&mut self, prefix: &str, now: Timestamp) -> String {
        let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or_default();
        let noise = (u128::from(self.next()) << 64) | u128::from(self.next());
        format!("{prefix}_{}", Ulid::from_parts(milliseconds, noise))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_sequence() {
        let (mut one, mut other) = (Random::seeded(7), Random::seeded(7));
        assert_eq!(one.next(), other.next());
        assert_eq!(one.id("pi", Timestamp::UNIX_EPOCH), other.id("pi", Timestamp::UNIX_EPOCH));
        assert_ne!(one.next(), Random::seeded(8).next());
    }

    #[test]
    fn no_chance_is_never_and_a_hundred_percent_is_always() {
        let mut random = Random::seeded(1);
        assert!((0..100).all(|_| !random.chance(0) && random.chance(100)));
    }
}

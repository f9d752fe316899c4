//! Repeatable random numbers.

/// `SplitMix64` (Steele, Lea and Flood, "Fast splittable pseudorandom number generators").
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// Generator of one trial, determined by seed, fault and trial number.
    pub(crate) fn of(seed: u64, fault: &str, number: u64) -> Self {
        let fault = fault.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let mut random = Self(seed ^ fault.rotate_left(17) ^ number.wrapping_mul(0xd134_2543_de82_ef95));
        random.next();
        random
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Random number below `end`; 0 if `end` is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// Random element.
    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        let position = self.below(items.len() as u64);
        items[usize::try_from(position).unwrap_or_default()]
    }

    /// Shuffles the items (Fisher and Yates).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = usize::try_from(self.below(last as u64 + 1)).unwrap_or_default();
            items.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generator_depends_on_seed_fault_and_trial_number() {
        let draw = |seed, fault, number| Random::of(seed, fault, number).next();
        assert_eq!(draw(1, "kills", 7), draw(1, "kills", 7));
        assert_ne!(draw(1, "kills", 7), draw(2, "kills", 7));
        assert_ne!(draw(1, "kills", 7), draw(1, "calls", 7));
        assert_ne!(draw(1, "kills", 7), draw(1, "kills", 8));
    }

    #[test]
    fn shuffle_keeps_all_items() {
        let mut items: Vec<u64> = (0..50).collect();
        Random::of(1, "x", 1).shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}

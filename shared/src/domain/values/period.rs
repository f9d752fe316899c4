//! Periods of time.

use super::id::{Id, Identified};
use crate::kit::system::clock::Timestamp;

/// Period from its start (inclusive) to its end (exclusive); without a bound, it is unlimited on that side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    /// Start.
    pub from: Option<Timestamp>,
    /// End.
    pub to: Option<Timestamp>,
}

impl Period {
    /// Returns true if the period has no bounds.
    #[must_use]
    pub const fn is_unlimited(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    /// Returns true if the period ends before or when it starts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.from.zip(self.to).is_some_and(|(from, to)| from >= to)
    }

    /// Lowest and highest id that can be generated in the period; `None` if no id can.
    #[must_use]
    pub fn bounds<T: Identified>(&self) -> Option<(Id<T>, Id<T>)> {
        let first = self.from.map_or(Id::of_digest(0), Id::first_at);
        let last = self.to.map_or(Some(Id::of_digest(u128::MAX)), Id::last_before)?;
        Some((first, last)).filter(|(first, last)| first <= last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order::{Order, OrderId};
    use crate::kit::system::clock::SystemEntropy;

    fn covers(from: Option<i64>, to: Option<i64>, placed: i64) -> bool {
        let id = OrderId::generate(Timestamp::from_millis(placed), &SystemEntropy);
        let period = Period { from: from.map(Timestamp::from_millis), to: to.map(Timestamp::from_millis) };
        period.bounds().is_some_and(|(first, last)| first <= id && id <= last)
    }

    #[test]
    fn period_includes_its_start_and_excludes_its_end() {
        for (placed, covered) in [(999, false), (1_000, true), (1_999, true), (2_000, false)] {
            assert_eq!(covers(Some(1_000), Some(2_000), placed), covered, "{placed}");
            assert_eq!(covers(None, Some(2_000), placed), placed < 2_000, "{placed}");
            assert_eq!(covers(Some(1_000), None, placed), placed >= 1_000, "{placed}");
            assert!(covers(None, None, placed), "{placed}");
        }
    }

    #[test]
    fn empty_period_has_no_bounds() {
        let at = |millis| Some(Timestamp::from_millis(millis));
        assert_eq!(Period { from: at(2_000), to: at(2_000) }.bounds::<Order>(), None);
        assert_eq!(Period { from: None, to: at(0) }.bounds::<Order>(), None);
        assert_eq!(Period { from: None, to: at(-5) }.bounds::<Order>(), None, "no id is that old");
        assert!(covers(Some(-5), Some(i64::MAX), 1_000));
        assert!(Period { from: at(1_999), to: at(2_000) }.bounds::<Order>().is_some());
    }
}

//! Counters of a sliding window: the requests of a caller, counted per segment of a tenth of the window.
//!
//! ```text
//!   segment        1   2   3   4   5   6   7   8   9  10  11  12
//!   count          8   0   9   9   7   8   8   9   8   9   8   4     sum <= limit
//!                    |<------------ any window ------------>|
//! ```
//!
//! A window of ten segments overlaps at most eleven. Twelve are summed, so the limit holds even if the clocks
//! of the instances differ by up to a segment. The price is that a caller at a steady rate gets ten twelfths of
//! the limit.

use std::time::Duration;

use super::Quota;
use crate::kit::system::clock::Timestamp;

/// Number of segments in a window.
const SEGMENTS_PER_WINDOW: u8 = 10;

/// Number of segments whose counts are summed: those that a window can overlap, and one more.
const SEGMENTS_SUMMED: u8 = SEGMENTS_PER_WINDOW + 2;

/// Number of summed segments before the latest one.
const OLDER: usize = SEGMENTS_SUMMED as usize - 1;

/// Segment that contains a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Number of the segment since the Unix epoch.
    pub number: i64,
    /// Milliseconds of the segment that have passed.
    pub past: u64,
    /// Milliseconds of the segment that are left.
    pub left: u64,
}

impl Quota {
    /// Length of a segment in milliseconds.
    fn segment_millis(&self) -> i64 {
        let window = i64::try_from(self.window.as_millis()).unwrap_or(i64::MAX);
        (window / i64::from(SEGMENTS_PER_WINDOW)).max(1)
    }

    /// Segment that contains `now`.
    #[must_use]
    pub fn segment_at(&self, now: Timestamp) -> Segment {
        let (length, now) = (self.segment_millis(), now.as_millis());
        let past = now.rem_euclid(length);
        Segment {
            number: now.div_euclid(length),
            past: past.unsigned_abs(),
            left: (length - past).unsigned_abs(),
        }
    }

    /// Time after which the counts of a segment have no effect.
    pub(super) fn expiry_of(&self, segment: i64) -> Timestamp {
        let end = segment.saturating_add(i64::from(SEGMENTS_SUMMED));
        Timestamp::from_millis(end.saturating_mul(self.segment_millis()))
    }
}

/// Requests counted in the latest segment and in those before it that a window can overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowCounts {
    /// Number of the latest segment.
    pub segment: i64,
    /// Count of the latest segment.
    pub latest: u32,
    /// Counts of the segments before it, latest first.
    pub older: [u32; OLDER],
}

impl WindowCounts {
    /// No requests up to `segment`.
    #[must_use]
    pub const fn empty(segment: i64) -> Self {
        Self { segment, latest: 0, older: [0; OLDER] }
    }

    /// Sum of all counts.
    #[must_use]
    pub fn used(&self) -> u32 {
        self.older.iter().fold(self.latest, |sum, count| sum.saturating_add(*count))
    }

    /// The counts as seen in `segment`: those that a window can no longer overlap are dropped. The counts of a
    /// later segment are unchanged, because another instance's clock is ahead.
    #[must_use]
    pub fn at(&self, segment: i64) -> Self {
        let Ok(shift @ 1..) = usize::try_from(segment.saturating_sub(self.segment)) else { return *self };
        let counts = [&[self.latest], self.older.as_slice()].concat();
        let mut shifted = Self::empty(segment);
        for (to, count) in shifted.older.iter_mut().skip(shift - 1).zip(counts) {
            *to = count;
        }
        shifted
    }

    /// Adds requests to the latest segment.
    #[must_use]
    pub const fn with(self, requests: u32) -> Self {
        Self { latest: self.latest.saturating_add(requests), ..self }
    }

    /// Time until the oldest counted requests leave the sum; zero if none are counted.
    pub(super) fn until_some_leave(&self, quota: Quota, now: Timestamp) -> Duration {
        let counts = (0..).zip(std::iter::once(self.latest).chain(self.older));
        let oldest = counts.filter(|(_, count)| *count > 0).map(|(age, _)| self.segment - age).last();
        oldest.map_or(Duration::ZERO, |segment| quota.expiry_of(segment).duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_leave_after_twelve_segments() {
        let counts = WindowCounts::empty(100).with(3);
        assert_eq!(counts.at(100), counts);
        assert_eq!(counts.at(99), counts, "the clock of this instance is behind");
        assert_eq!((counts.at(111).used(), counts.at(111).latest), (3, 0));
        assert_eq!(counts.at(112), WindowCounts::empty(112));
        assert_eq!(counts.at(i64::MAX), WindowCounts::empty(i64::MAX));
        let both = counts.at(105).with(2).at(112);
        assert_eq!(both.used(), 2);
    }

    #[test]
    fn oldest_counts_leave_when_no_window_overlaps_them() {
        let quota = Quota::per_minute(10);
        let counts = WindowCounts::empty(0).with(1).at(3).with(1);
        let now = Timestamp::from_millis(20_000);
        assert_eq!(counts.until_some_leave(quota, now), Duration::from_secs(52));
        assert_eq!(WindowCounts::empty(3).until_some_leave(quota, now), Duration::ZERO);
    }
}

//! Times at which unfinished work that has stopped is resumed.

use std::time::Duration;

use crate::kit::system::clock::Timestamp;

/// Time without a change after which work counts as stopped: longer than the backoff of its messages.
pub const STALLED_AFTER: Duration = Duration::from_mins(15);

/// Maximum time between two attempts to resume the same work.
const MAX_INTERVAL: Duration = Duration::from_hours(24);

/// Time at which work that began at `begun` and was last resumed at `resumed` is examined next. The intervals
/// double, so that a long outage causes few additional messages.
#[must_use]
pub fn next_examination(begun: Timestamp, resumed: Option<Timestamp>) -> Timestamp {
    match resumed.filter(|resumed| *resumed > begun) {
        Some(resumed) => {
            let elapsed = resumed.duration_since(begun);
            resumed.saturating_add(elapsed.clamp(STALLED_AFTER, MAX_INTERVAL))
        }
        None => begun.saturating_add(STALLED_AFTER),
    }
}

/// Returns true if work has not changed for so long that its message may be lost.
#[must_use]
pub fn is_stalled(updated_at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(updated_at) >= STALLED_AFTER
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(minutes: u64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000).saturating_add(Duration::from_mins(minutes))
    }

    #[test]
    fn intervals_double_up_to_a_day() {
        let mut resumed = None;
        let mut times = Vec::new();
        for _ in 0..10 {
            let next = next_examination(minutes(0), resumed);
            times.push(next.duration_since(minutes(0)).as_secs() / 60);
            resumed = Some(next);
        }
        assert_eq!(times, [15, 30, 60, 120, 240, 480, 960, 1_920, 3_360, 4_800]);
        let renewed = next_examination(minutes(90), Some(minutes(60)));
        assert_eq!(renewed, minutes(105), "work that began again is examined after a quarter of an hour");
    }

    #[test]
    fn work_is_stalled_after_a_quarter_of_an_hour() {
        assert!(!is_stalled(minutes(0), minutes(14)));
        assert!(is_stalled(minutes(0), minutes(15)));
        assert!(!is_stalled(minutes(20), minutes(15)));
    }
}

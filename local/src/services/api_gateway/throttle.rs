//! Throttling of the whole API, as `DefaultRouteSettings` has it: a token bucket ("Throttle requests to your HTTP APIs", Amazon
//! API Gateway developer guide).

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use crate::template::Throttle;

/// Millionths of a request.
const ONE: u128 = 1_000_000;

/// As many requests as the API takes at once, refilled at the rate that it takes them at.
pub(super) struct Bucket {
    throttle: Throttle,
    state: Mutex<State>,
}

struct State {
    /// What is left, in millionths of a request.
    left: u128,
    at: Instant,
}

impl Bucket {
    pub(super) fn new(throttle: Throttle, now: Instant) -> Self {
        let left = u128::from(throttle.burst) * ONE;
        Self { throttle, state: Mutex::new(State { left, at: now }) }
    }

    /// Whether a request at this moment is let through.
    pub(super) fn takes(&self, now: Instant) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let refill = now.saturating_duration_since(state.at).as_micros() * u128::from(self.throttle.rate);
        let left = (state.left + refill).min(u128::from(self.throttle.burst) * ONE);
        let taken = left.checked_sub(ONE);
        *state = State { left: taken.unwrap_or(left), at: now.max(state.at) };
        taken.is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_is_taken_at_once_and_the_rate_ever_after() {
        let start = Instant::now();
        let bucket = Bucket::new(Throttle { rate: 50, burst: 100 }, start);
        let taken = |at: u64, asked: usize| {
            let now = start + Duration::from_millis(at);
            (0..asked).filter(|_| bucket.takes(now)).count()
        };
        assert_eq!(taken(0, 150), 100);
        assert_eq!(taken(19, 1), 0, "one comes every 20 ms");
        assert_eq!(taken(20, 2), 1);
        assert_eq!(taken(1_020, 100), 50);
        assert_eq!(taken(60_000, 150), 100, "no more than a burst is saved up");
        assert_eq!(taken(59_000, 1), 0, "a clock that is read late refills nothing twice");
    }
}

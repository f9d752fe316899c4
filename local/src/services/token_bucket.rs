//! Token bucket. It throttles the whole API according to `DefaultRouteSettings` ("Throttle requests to your
//! HTTP APIs", Amazon API Gateway developer guide), the calls to models of Bedrock, and the e-mails of SES.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use crate::template::Throttle;

/// Cost of a request, in millionths of a token.
const TOKEN: u128 = 1_000_000;

/// Token bucket with a burst limit, refilled at a rate limit.
#[derive(Debug)]
pub struct TokenBucket {
    throttle: Throttle,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Available tokens, in millionths.
    tokens: u128,
    updated_at: Instant,
}

impl TokenBucket {
    /// Creates a full bucket.
    #[must_use]
    pub fn new(throttle: Throttle, now: Instant) -> Self {
        let tokens = u128::from(throttle.burst) * TOKEN;
        Self { throttle, state: Mutex::new(State { tokens, updated_at: now }) }
    }

    /// Takes a token. Returns true if the request is allowed.
    pub fn try_acquire(&self, now: Instant) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let refill =
            now.saturating_duration_since(state.updated_at).as_micros() * u128::from(self.throttle.rate);
        let tokens = (state.tokens + refill).min(u128::from(self.throttle.burst) * TOKEN);
        let taken = tokens.checked_sub(TOKEN);
        *state = State { tokens: taken.unwrap_or(tokens), updated_at: now.max(state.updated_at) };
        taken.is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn bucket_allows_the_burst_and_then_the_rate() {
        let start = Instant::now();
        let bucket = TokenBucket::new(Throttle { rate: 50, burst: 100 }, start);
        let taken = |millis: u64, requests: usize| {
            let now = start + Duration::from_millis(millis);
            (0..requests).filter(|_| bucket.try_acquire(now)).count()
        };
        assert_eq!(taken(0, 150), 100);
        assert_eq!(taken(19, 1), 0, "a token is added every 20 ms");
        assert_eq!(taken(20, 2), 1);
        assert_eq!(taken(1_020, 100), 50);
        assert_eq!(taken(60_000, 150), 100, "the bucket holds at most the burst");
        assert_eq!(taken(59_000, 1), 0, "an earlier time does not refill the bucket");
    }
}

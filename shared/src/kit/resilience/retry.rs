//! Retrying: exponential backoff with full jitter, bounded by attempts and by a budget.
//!
//! AWS Architecture Blog, "Exponential Backoff And Jitter"; Amazon Builders' Library, "Timeouts, retries, and
//! backoff with jitter" (the budget: retries may add only a fraction to the load, or they keep a service down).

use std::sync::Mutex;
use std::time::Duration;

use crate::kit::system::clock::Entropy;

/// How long to wait before each further attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    base: Duration,
    cap: Duration,
    retries: u32,
}

impl Backoff {
    /// Waits of up to `base`, twice that, four times that … but never more than `cap`, at most `retries` of them.
    #[must_use]
    pub const fn new(base: Duration, cap: Duration, retries: u32) -> Self {
        Self { base, cap, retries }
    }

    /// The longest wait after `failures` failed attempts (the first failure counts 1).
    #[must_use]
    pub fn ceiling(&self, failures: u32) -> Duration {
        let factor = 2_u32.saturating_pow(failures.saturating_sub(1));
        self.base.saturating_mul(factor).min(self.cap)
    }

    /// How long to wait after `failures` failed attempts, drawn evenly from zero to the ceiling; `None` once there
    /// have been enough.
    pub fn delay(&self, failures: u32, entropy: &impl Entropy) -> Option<Duration> {
        (failures <= self.retries).then(|| entropy.jitter(self.ceiling(failures)))
    }
}

/// Bounds the retries of all callers together: each first attempt earns a tenth of a retry, each retry costs one.
///
/// A service that is down then sees at most 1.1 times the calls it would see without retries, after a reserve of a
/// few.
#[derive(Debug)]
pub struct RetryBudget {
    tenths: Mutex<u32>,
}

/// A budget never holds more retries than this, in tenths.
const FULL: u32 = 100;

/// What it holds before any call was made, in tenths: a process that makes few calls can repeat one all the same.
const RESERVE: u32 = 30;

impl Default for RetryBudget {
    fn default() -> Self {
        Self { tenths: Mutex::new(RESERVE) }
    }
}

impl RetryBudget {
    /// A first attempt was made.
    pub fn earn(&self) {
        self.change(|tenths| (tenths.saturating_add(1)).min(FULL));
    }

    /// Whether there is a retry left; if so, it is spent.
    pub fn spend(&self) -> bool {
        let mut allowed = false;
        self.change(|tenths| match tenths.checked_sub(10) {
            Some(rest) => {
                allowed = true;
                rest
            }
            None => tenths,
        });
        allowed
    }

    fn change(&self, f: impl FnOnce(u32) -> u32) {
        let mut tenths = self.tenths.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *tenths = f(*tenths);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::system::clock::SystemEntropy;

    #[test]
    fn waits_double_up_to_the_cap_and_end() {
        let backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(350), 4);
        let ceilings: Vec<_> = (1..=4).map(|failures| backoff.ceiling(failures).as_millis()).collect();
        assert_eq!(ceilings, [100, 200, 350, 350]);
        assert!(backoff.delay(4, &SystemEntropy).is_some());
        assert!(backoff.delay(5, &SystemEntropy).is_none());
    }

    #[test]
    fn retries_stay_within_a_tenth_of_the_attempts() {
        let budget = RetryBudget::default();
        let mut retries = 0;
        for _ in 0..1_000 {
            budget.earn();
            while budget.spend() {
                retries += 1;
            }
        }
        assert_eq!(retries, 103, "three in reserve, and a tenth");
    }
}

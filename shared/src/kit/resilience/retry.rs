//! Retries: exponential backoff with full jitter, limited by attempts and by a budget.
//!
//! See AWS Architecture Blog, "Exponential Backoff And Jitter", and Amazon Builders' Library, "Timeouts,
//! retries, and backoff with jitter" (the budget: retries that add more than a fraction to the load keep a
//! service down).

use std::sync::Mutex;
use std::time::Duration;

use crate::kit::system::clock::Entropy;

/// Delays between attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    base: Duration,
    cap: Duration,
    retries: u32,
}

impl Backoff {
    /// At most `retries` delays of up to `base`, twice that, four times that and so on, but never more than
    /// `cap`.
    #[must_use]
    pub const fn new(base: Duration, cap: Duration, retries: u32) -> Self {
        Self { base, cap, retries }
    }

    /// Maximum delay after `failures` failed attempts (1 after the first failure).
    #[must_use]
    pub fn ceiling(&self, failures: u32) -> Duration {
        let factor = 2_u32.saturating_pow(failures.saturating_sub(1));
        self.base.saturating_mul(factor).min(self.cap)
    }

    /// Random delay after `failures` failed attempts, uniform between zero and the ceiling; `None` if no
    /// retry is left.
    pub fn delay(&self, failures: u32, entropy: &impl Entropy) -> Option<Duration> {
        (failures <= self.retries).then(|| entropy.jitter(self.ceiling(failures)))
    }
}

/// Limits the retries of all callers together: each first attempt earns a tenth of a retry, each retry costs
/// one.
///
/// A service that is down then receives at most 1.1 times the calls that it would receive without retries,
/// plus a small reserve.
#[derive(Debug)]
pub struct RetryBudget {
    tenths: Mutex<u32>,
}

/// Maximum number of retries in a budget, in tenths.
const MAX_TENTHS: u32 = 100;

/// Initial number of retries, in tenths, so that a process that makes few calls can retry, too.
const RESERVE: u32 = 30;

impl Default for RetryBudget {
    fn default() -> Self {
        Self { tenths: Mutex::new(RESERVE) }
    }
}

impl RetryBudget {
    /// Records a first attempt.
    pub fn earn(&self) {
        self.change(|tenths| (tenths.saturating_add(1)).min(MAX_TENTHS));
    }

    /// Spends a retry; returns true if one was left.
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
    fn delays_double_up_to_the_cap_and_end() {
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
        assert_eq!(retries, 103, "three in reserve, plus a tenth of the attempts");
    }
}

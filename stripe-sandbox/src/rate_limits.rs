//! Stripe's rate limits (<https://docs.stripe.com/rate-limits>): a token bucket for the account and one for
//! each endpoint.

use std::collections::HashMap;

use jiff::Timestamp;

use super::error::StripeError;
use crate::fault_rules::Operation;

/// Maximum rates of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Calls per second of the account.
    pub account: u32,
    /// Calls per second of each endpoint.
    pub endpoint: u32,
}

impl Rates {
    /// Rates of a Stripe sandbox.
    pub const SANDBOX: Self = Self { account: 25, endpoint: 25 };
    /// Rates of a live account.
    pub const LIVE: Self = Self { account: 100, endpoint: 25 };
}

/// Rate limits of the account and of each endpoint.
pub(super) struct RateLimits {
    rates: Rates,
    account: Bucket,
    endpoints: HashMap<Operation, Bucket>,
}

impl RateLimits {
    pub(super) fn new(rates: Rates) -> Self {
        Self { rates, account: Bucket::default(), endpoints: HashMap::new() }
    }

    /// Takes a token for a call. Rejected calls take none.
    pub(super) fn admit(&mut self, operation: Operation, now: Timestamp) -> Result<(), StripeError> {
        let endpoint = self.endpoints.entry(operation).or_default();
        if !endpoint.refill(self.rates.endpoint, now) {
            return Err(rate_limited("endpoint-rate"));
        }
        if !self.account.refill(self.rates.account, now) {
            return Err(rate_limited("global-rate"));
        }
        endpoint.taken += TOKEN;
        self.account.taken += TOKEN;
        Ok(())
    }
}

/// A token, in thousandths.
const TOKEN: u64 = 1_000;

/// Token bucket that holds the calls of a second.
#[derive(Default)]
struct Bucket {
    /// Tokens that were taken and are not refilled, in thousandths.
    taken: u64,
    /// Time of the last refill, in milliseconds since the Unix epoch.
    refilled_at: i64,
}

impl Bucket {
    /// Adds the tokens of the time since the last refill. Returns true if a token is left.
    fn refill(&mut self, per_second: u32, now: Timestamp) -> bool {
        let now = now.as_millisecond().max(self.refilled_at);
        let millis = u64::try_from(now - self.refilled_at).unwrap_or(0);
        self.taken = self.taken.saturating_sub(millis.saturating_mul(per_second.into()));
        self.refilled_at = now;
        self.taken + TOKEN <= u64::from(per_second) * TOKEN
    }
}

/// Error of a call above a limit. Stripe names the limit in a header, and not the time to retry.
pub(super) fn rate_limited(reason: &'static str) -> StripeError {
    let message = "Request rate limit exceeded. You can learn more about rate limits here \
                   https://stripe.com/docs/rate-limits.";
    StripeError::new(429, "invalid_request_error", message).code("rate_limit").rate_limited(reason)
}

/// Error of a call on an object that another call is changing.
pub(super) fn lock_timeout() -> StripeError {
    let message = "This object cannot be accessed right now because another API request or Stripe process is \
                   currently accessing it.";
    StripeError::new(429, "invalid_request_error", message).code("lock_timeout")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap()
    }

    fn admitted(limits: &mut RateLimits, operation: Operation, millis: i64, calls: usize) -> usize {
        (0..calls).filter(|_| limits.admit(operation, at(millis)).is_ok()).count()
    }

    #[test]
    fn endpoint_and_account_have_limits() {
        let mut limits = RateLimits::new(Rates::SANDBOX);
        assert_eq!(admitted(&mut limits, Operation::Create, 0, 40), 25);
        assert_eq!(admitted(&mut limits, Operation::Refund, 0, 1), 0, "the account is at its limit");
        assert_eq!(admitted(&mut limits, Operation::Create, 39, 1), 0);
        assert_eq!(admitted(&mut limits, Operation::Create, 40, 2), 1, "a token is added every 40 ms");
        assert_eq!(admitted(&mut limits, Operation::Refund, 1_040, 20), 20);
        assert_eq!(admitted(&mut limits, Operation::Create, 1_040, 20), 5);
    }

    #[test]
    fn reason_names_the_exceeded_limit() {
        let mut limits = RateLimits::new(Rates { account: 1, endpoint: 1 });
        limits.admit(Operation::Create, at(0)).unwrap();
        let error = limits.admit(Operation::Create, at(1)).unwrap_err();
        assert_eq!((error.status(), error.limit()), (429, Some("endpoint-rate")));
        let error = limits.admit(Operation::Refund, at(2)).unwrap_err();
        assert_eq!((error.status(), error.limit()), (429, Some("global-rate")));
    }
}

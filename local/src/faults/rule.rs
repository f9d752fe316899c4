//! What is to go wrong, and when.

use std::time::Duration;

use super::{FaultBody, Service};

/// What happens to a call.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The instance is killed; the service never sees the call.
    KillBefore,
    /// The service does its work, then the instance is killed before it sees the answer.
    KillAfter,
    /// The service never sees the call; the function sees this status and body.
    Status(u16, FaultBody),
    /// The service does its work, and the connection ends without an answer.
    DropResponse,
    /// The call is made after this long.
    Delay(Duration),
}

impl Fault {
    /// DynamoDB's answer when a partition has no capacity left.
    #[must_use]
    pub fn throttled() -> Self {
        Self::Status(400, FaultBody::Throttled)
    }

    /// DynamoDB's answer when another transaction holds an item.
    #[must_use]
    pub fn transaction_conflict() -> Self {
        Self::Status(400, FaultBody::TransactionConflict)
    }

    /// A service that is down.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::Status(503, FaultBody::Empty)
    }
}

/// Which calls a fault strikes.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Stem of the function, or `*`.
    pub function: String,
    /// Which service; any if not given.
    pub service: Option<Service>,
    /// Which operation; any if not given. For the payment gateway and SES, a prefix of method and path.
    pub operation: Option<String>,
    /// The first matching call that is struck, counted from the injection, beginning with 1.
    pub nth: Option<u64>,
    /// How many matching calls are struck from there on.
    pub times: u64,
    /// Of those that could be struck, so many in a hundred are, by a generator with this seed; all, if not given.
    pub percent: Option<(u8, u64)>,
    /// What happens to them.
    pub fault: Fault,
}

impl Rule {
    /// Strikes the next call of a function, whatever it is.
    #[must_use]
    pub fn new(function: impl Into<String>, fault: Fault) -> Self {
        Self {
            function: function.into(),
            service: None,
            operation: None,
            nth: None,
            times: 1,
            percent: None,
            fault,
        }
    }

    /// Only calls to this service.
    #[must_use]
    pub fn service(mut self, service: Service) -> Self {
        self.service = Some(service);
        self
    }

    /// Only this operation.
    #[must_use]
    pub fn operation(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// Begins with the `nth` matching call; the first is 1.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.nth = Some(nth);
        self
    }

    /// Strikes this many calls instead of one.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    /// Strikes so many in a hundred of the calls that it could strike. The same seed chooses the same calls.
    #[must_use]
    pub fn percent(mut self, percent: u8, seed: u64) -> Self {
        self.percent = Some((percent, seed));
        self
    }

    /// Whether the `nth` matching call is among those chosen (`SplitMix64`, Steele, Lea and Flood, "Fast splittable
    /// pseudorandom number generators").
    pub(super) fn chooses(&self, nth: u64) -> bool {
        let Some((percent, seed)) = self.percent else { return true };
        let mut mixed = seed.wrapping_add(nth.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % 100 < u64::from(percent)
    }

    pub(super) fn matches(&self, function: &str, service: Service, operation: &str) -> bool {
        let operation_matches = |wanted: &str| match service {
            Service::Payments | Service::Ses => operation.starts_with(wanted),
            Service::DynamoDb | Service::Sqs => operation == wanted,
        };
        (self.function == "*" || self.function == function)
            && self.service.is_none_or(|wanted| wanted == service)
            && self.operation.as_deref().is_none_or(operation_matches)
    }
}

//! Fault rules: which calls fail, and how.

use std::time::Duration;

use super::{FaultBody, Service};

/// Fault that is applied to a call.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Kills the instance. The service does not receive the call.
    KillBefore,
    /// Lets the service process the call, then kills the instance before it receives the response.
    KillAfter,
    /// Responds with this status and body. The service does not receive the call.
    Status(u16, FaultBody),
    /// Lets the service process the call, then closes the connection without a response.
    DropResponse,
    /// Never responds and keeps the connection open, like a peer that has vanished. The service does not
    /// receive the call.
    Vanish,
    /// Delays the call.
    Delay(Duration),
}

impl Fault {
    /// Response of DynamoDB when a partition has exceeded its throughput.
    #[must_use]
    pub fn throttled() -> Self {
        Self::Status(400, FaultBody::Throttled)
    }

    /// Response of DynamoDB when another transaction is writing one of the items.
    #[must_use]
    pub fn transaction_conflict() -> Self {
        Self::Status(400, FaultBody::TransactionConflict)
    }

    /// Response of a service that is unavailable.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::Status(503, FaultBody::Empty)
    }
}

/// Rule that selects calls and applies a fault to them.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Stem of the function, or `*`.
    pub function: String,
    /// Called service. Any service if `None`.
    pub service: Option<Service>,
    /// Called operation. Any operation if `None`. For the payment gateway, SES and Bedrock, a prefix of
    /// method and path.
    pub operation: Option<String>,
    /// First matching call that the rule applies to, counted from the injection, starting at 1.
    pub nth: Option<u64>,
    /// Maximum number of calls that the rule applies to.
    pub times: u64,
    /// Percentage of the matching calls that the rule applies to, and the seed that selects them. All calls
    /// if `None`.
    pub percent: Option<(u8, u64)>,
    /// Fault to apply.
    pub fault: Fault,
}

impl Rule {
    /// Creates a rule for the next call of a function to any service.
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

    /// Restricts the rule to a service.
    #[must_use]
    pub fn service(mut self, service: Service) -> Self {
        self.service = Some(service);
        self
    }

    /// Restricts the rule to an operation.
    #[must_use]
    pub fn operation(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// Starts at the `nth` matching call. The first is 1.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.nth = Some(nth);
        self
    }

    /// Sets the maximum number of calls that the rule applies to. The default is 1.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    /// Applies the rule to a percentage of the matching calls. The same seed selects the same calls.
    #[must_use]
    pub fn percent(mut self, percent: u8, seed: u64) -> Self {
        self.percent = Some((percent, seed));
        self
    }

    pub(super) fn matches(&self, function: &str, service: Service, operation: &str) -> bool {
        let operation_matches = |expected: &str| match service {
            Service::Payments | Service::Ses | Service::Bedrock => operation.starts_with(expected),
            Service::DynamoDb | Service::Sqs => operation == expected,
        };
        (self.function == "*" || self.function == function)
            && self.service.is_none_or(|expected| expected == service)
            && self.operation.as_deref().is_none_or(operation_matches)
    }
}

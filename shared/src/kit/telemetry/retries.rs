//! Telemetry of retries: a log line and a metric for each.

use std::time::Duration;

use super::catalogue::RETRIES;
use super::metrics;

/// Repeated attempt of a call to a service.
#[derive(Debug, Clone, Copy)]
pub struct Retry<'a> {
    /// Name of the service: that of the AWS SDK, or one defined in the code.
    pub dependency: &'a str,
    /// Operation of the service.
    pub operation: &'a str,
    /// Number of the repeated attempt; 2 for the first retry.
    pub attempt: u32,
    /// Delay before the attempt.
    pub delay: Duration,
    /// Class of the error of the previous attempt.
    pub reason: &'static str,
}

impl Retry<'_> {
    /// Records the retry.
    pub fn record(self) {
        let Self { dependency, operation, attempt, delay, reason } = self;
        let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(dependency, operation, attempt, delayMs = delay_ms, reason, "retrying call");
        metrics::count(&RETRIES, [dependency, reason]);
    }
}

/// Class of an error that an HTTP status represents.
#[must_use]
pub const fn status_class(status: u16) -> &'static str {
    match status {
        409 => "conflict",
        429 => "throttled",
        500.. => "server_error",
        _ => "rejected",
    }
}

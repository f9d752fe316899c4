//! The one place that reads the wall clock and waits: everything else here takes its time from these functions.

use std::time::Duration;

use jiff::Timestamp;

/// The present moment.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the clock of the local stack")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Milliseconds since 1970, as AWS events carry them.
#[must_use]
pub fn now_millis() -> i64 {
    now().as_millisecond()
}

/// Waits.
#[expect(clippy::disallowed_methods, reason = "the clock of the local stack")]
pub async fn sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}

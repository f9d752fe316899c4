//! Clock of the local stack. All other modules read the time and sleep through these functions.

use std::time::Duration;

use jiff::Timestamp;

/// Current time.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the clock of the local stack")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Current time in milliseconds since 1970, as in AWS events.
#[must_use]
pub fn now_millis() -> i64 {
    now().as_millisecond()
}

/// Sleeps for a duration.
#[expect(clippy::disallowed_methods, reason = "the clock of the local stack")]
pub async fn sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}

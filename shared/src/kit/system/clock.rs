//! Time and randomness as injected dependencies: decisions never read a clock or an RNG, so tests control
//! both.

use std::fmt;
use std::future::Future;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::rfc3339;

/// A time in UTC with millisecond precision, written as RFC 3339 with exactly three decimals.
///
/// Because of the fixed width, texts sort by time; sort keys of the table rely on this. The parser accepts
/// only RFC 3339. It replaces times after the last representable one, 9999-12-30T22:00:00.999Z, by that one.
///
/// ```
/// use shared::kit::system::clock::Timestamp;
/// assert_eq!(Timestamp::from_millis(1_767_225_600_007).to_string(), "2026-01-01T00:00:00.007Z");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// The time `millis` milliseconds after the Unix epoch; saturates at the end of the calendar.
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        Self(jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        self.0.as_millisecond()
    }

    /// Whole seconds since the Unix epoch, as in DynamoDB's time to live and in JWTs.
    #[must_use]
    pub fn as_seconds(self) -> i64 {
        self.0.as_second()
    }

    /// The time `duration` later.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self::from_millis(self.as_millis().saturating_add(millis(duration)))
    }

    /// The time `duration` earlier.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        Self::from_millis(self.as_millis().saturating_sub(millis(duration)))
    }

    /// Duration since `earlier`; zero if `earlier` is later than this time.
    #[must_use]
    pub fn duration_since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.as_millis() - earlier.as_millis()).unwrap_or(0))
    }
}

/// The text is not a valid time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an RFC 3339 time, like 2027-01-15T08:00:00.000Z")]
pub struct TimestampError;

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        rfc3339::parse_millis(text).map(Self::from_millis).ok_or(TimestampError)
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TimestampVisitor)
    }
}

struct TimestampVisitor;

impl Visitor<'_> for TimestampVisitor {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an RFC 3339 time")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Timestamp, E> {
        text.parse().map_err(E::custom)
    }
}

/// Source of time, and the only way to wait.
pub trait Clock: Clone + Send + Sync + 'static {
    /// The current time.
    fn now(&self) -> Timestamp;

    /// Waits for `duration`.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}

/// The system clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "implementation of `Clock`")]
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())
    }

    #[expect(clippy::disallowed_methods, reason = "implementation of `Clock`")]
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Source of randomness, for ids and for the jitter of retries.
pub trait Entropy: Clone + Send + Sync + 'static {
    /// 128 random bits.
    fn random(&self) -> u128;

    /// A uniformly distributed duration from zero to `ceiling` ("full jitter", AWS Architecture Blog,
    /// "Exponential Backoff And Jitter").
    fn jitter(&self, ceiling: Duration) -> Duration {
        let span = ceiling.as_millis().saturating_add(1);
        Duration::from_millis(u64::try_from(self.random() % span).unwrap_or(u64::MAX))
    }
}

/// The operating system's random number generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(
        clippy::expect_used,
        reason = "ids, keys and tokens are not safe without the system's random number generator"
    )]
    fn random(&self) -> u128 {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the operating system provides random bytes");
        u128::from_le_bytes(bytes)
    }
}

/// Source of randomness that is chosen when a function starts: that of the operating system, or that of a
/// simulation.
#[derive(Clone)]
pub struct DynEntropy(Arc<dyn Fn() -> u128 + Send + Sync>);

impl DynEntropy {
    /// Wraps a source.
    #[must_use]
    pub fn new(source: impl Entropy) -> Self {
        Self(Arc::new(move || source.random()))
    }
}

impl Entropy for DynEntropy {
    fn random(&self) -> u128 {
        (self.0)()
    }
}

impl fmt::Debug for DynEntropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DynEntropy")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_three_decimals_and_parses_to_the_same_time() {
        let time = Timestamp::from_millis(1_767_225_600_000);
        let text = serde_json::to_string(&time).unwrap();
        assert_eq!(text, "\"2026-01-01T00:00:00.000Z\"");
        assert_eq!(serde_json::from_str::<Timestamp>(&text).unwrap(), time);
        assert_eq!(time.to_string().parse::<Timestamp>().unwrap(), time);
    }

    #[test]
    fn jitter_stays_within_its_ceiling() {
        for _ in 0..1_000 {
            assert!(SystemEntropy.jitter(Duration::from_millis(5)) <= Duration::from_millis(5));
        }
    }
}

//! Limits on failed attempts: an attempt is counted when it is made, and subtracted again when it succeeds.
//!
//! If only failures were counted, any number of concurrent guesses would pass. So an attempt is counted
//! first, in all of its buckets or in none. Windows expire: no caller is locked out permanently.

use std::future::Future;
use std::time::Duration;

use super::Quota;
use crate::kit::command::StoreError;
use crate::kit::system::clock::Timestamp;

/// Counter that an attempt increments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Name of the bucket.
    pub name: String,
    /// Number of failures allowed per window.
    pub quota: Quota,
}

/// Counters that are incremented together or not at all.
pub trait AtomicCounters: Clone + Send + Sync + 'static {
    /// Increments every counter by one if each stays within its limit; returns true if it did.
    ///
    /// Implementations return [`StoreError`] only if the counters cannot be reached.
    fn increment_all(&self, counts: &[Count]) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Decrements every counter by one.
    ///
    /// Implementations return [`StoreError`] only if the counters cannot be reached.
    fn decrement_all(&self, counts: &[Count]) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Counter of a bucket in a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// Name of the bucket and number of the window.
    pub key: String,
    /// Maximum value.
    pub limit: u32,
    /// Time after which the counter may be deleted.
    pub expires_at: Timestamp,
}

/// Limits failed attempts.
#[derive(Debug, Clone)]
pub struct AttemptLimiter<C> {
    counters: C,
}

/// Counted attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    counts: Vec<Count>,
}

/// Decision about an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// The attempt is allowed and counted.
    Admitted(Attempt),
    /// There were too many attempts; contains the time until the first of the windows ends.
    TooMany(Duration),
}

impl<C: AtomicCounters> AttemptLimiter<C> {
    /// Limiter with these counters.
    pub const fn new(counters: C) -> Self {
        Self { counters }
    }

    /// Counts an attempt in all of `buckets`.
    ///
    /// # Errors
    /// [`StoreError`] if the counters cannot be reached; the attempt must not be made then.
    pub async fn admit(&self, buckets: &[Bucket], now: Timestamp) -> Result<Admission, StoreError> {
        let counts: Vec<Count> = buckets.iter().map(|bucket| bucket.count_at(now)).collect();
        if self.counters.increment_all(&counts).await? {
            return Ok(Admission::Admitted(Attempt { counts }));
        }
        let first_end = buckets.iter().map(|bucket| bucket.quota.window_at(now).1).min();
        Ok(Admission::TooMany(first_end.unwrap_or_default()))
    }

    /// Subtracts a successful attempt from its counters.
    ///
    /// # Errors
    /// [`StoreError`] if the counters cannot be reached; the attempt then counts as a failure until its
    /// window ends.
    pub async fn succeeded(&self, attempt: Attempt) -> Result<(), StoreError> {
        self.counters.decrement_all(&attempt.counts).await
    }
}

impl Bucket {
    fn count_at(&self, now: Timestamp) -> Count {
        let (window, left) = self.quota.window_at(now);
        Count {
            key: format!("{}#{window}", self.name),
            limit: self.quota.limit,
            expires_at: now.saturating_add(left),
        }
    }
}

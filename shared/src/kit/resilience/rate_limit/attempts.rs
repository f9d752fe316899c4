//! Limits on failures: an attempt counts when it is made, and is taken back when it succeeds.
//!
//! Counting only what has failed would let any number of guesses pass that are made at once. So the attempt is counted
//! first, in all its buckets or in none, and whoever turns out to be right gets it back. Windows end by themselves:
//! nobody is locked out for good.

use std::future::Future;
use std::time::Duration;

use super::Quota;
use crate::kit::command::StoreError;
use crate::kit::system::clock::Timestamp;

/// A count that an attempt raises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Which.
    pub name: String,
    /// How many failures are allowed in a window.
    pub quota: Quota,
}

/// Counts that are raised together or not at all.
pub trait AtomicCounters: Clone + Send + Sync + 'static {
    /// Raises every count by one, if each stays within its limit. Says whether it did.
    ///
    /// Implementations return [`StoreError`] when the counts cannot be reached, and nothing else.
    fn increment_all(&self, counts: &[Count]) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Takes one from every count.
    ///
    /// Implementations return [`StoreError`] when the counts cannot be reached, and nothing else.
    fn decrement_all(&self, counts: &[Count]) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// One count of one window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The bucket and the window.
    pub key: String,
    /// How high it may get.
    pub limit: u32,
    /// When it may be forgotten.
    pub expires_at: Timestamp,
}

/// Limits attempts.
#[derive(Debug, Clone)]
pub struct AttemptLimiter<C> {
    counters: C,
}

/// An attempt that was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    counts: Vec<Count>,
}

/// Whether an attempt may be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It may, and is counted.
    Admitted(Attempt),
    /// There were too many; so long until the first of the windows ends.
    TooMany(Duration),
}

impl<C: AtomicCounters> AttemptLimiter<C> {
    /// Counts in `counters`.
    pub const fn new(counters: C) -> Self {
        Self { counters }
    }

    /// Counts an attempt in all of `buckets`.
    ///
    /// # Errors
    /// [`StoreError`] when the counts cannot be reached; then the attempt must not be made.
    pub async fn admit(&self, buckets: &[Bucket], now: Timestamp) -> Result<Admission, StoreError> {
        let counts: Vec<Count> = buckets.iter().map(|bucket| bucket.count_at(now)).collect();
        if self.counters.increment_all(&counts).await? {
            return Ok(Admission::Admitted(Attempt { counts }));
        }
        let first_end = buckets.iter().map(|bucket| bucket.quota.window_at(now).1).min();
        Ok(Admission::TooMany(first_end.unwrap_or_default()))
    }

    /// Takes a successful attempt back.
    ///
    /// # Errors
    /// [`StoreError`] when the counts cannot be reached; the attempt counts as a failure then, until its window ends.
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

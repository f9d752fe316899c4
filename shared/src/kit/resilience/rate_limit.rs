//! Rate limits: exact over all instances, and cheap for those who keep to them.
//!
//! A quota is so many requests in a window of fixed length. The count of a caller's window is one item of the table,
//! raised on the condition that it stays within the quota: however many instances raise it, never more is granted than
//! allowed. An instance takes several grants at once, the more the busier the caller is with it, so that most requests
//! cost nothing; grants that it does not use lapse with the window. A caller who is told to wait is remembered until the
//! window ends, and costs nothing either.

pub mod attempts;

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::kit::command::StoreError;
use crate::kit::system::clock::Timestamp;

/// So many in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How many are allowed in a window.
    pub limit: u32,
    /// How long a window lasts.
    pub window: Duration,
}

impl Quota {
    /// So many a minute.
    #[must_use]
    pub const fn per_minute(limit: u32) -> Self {
        Self { limit, window: Duration::from_mins(1) }
    }

    /// The window that `now` lies in, by its number, and how long it lasts yet.
    #[must_use]
    pub fn window_at(&self, now: Timestamp) -> (i64, Duration) {
        let length = i64::try_from(self.window.as_millis()).unwrap_or(i64::MAX).max(1);
        let millis = now.as_millis();
        let left = length - millis.rem_euclid(length);
        (millis.div_euclid(length), Duration::from_millis(u64::try_from(left).unwrap_or(0)))
    }
}

/// Whether a request may go on, and what its caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimitDecision {
    /// Whether it may.
    pub allowed: bool,
    /// How many are allowed in a window.
    pub limit: u32,
    /// How many are left in this one, as far as this instance knows.
    pub remaining: u32,
    /// How long this window lasts yet.
    pub reset: Duration,
}

/// Counts that all instances share.
pub trait Counters: Clone + Send + Sync + 'static {
    /// Raises the count of `bucket` by `by`, if it stays within `limit`, and says what it is then; `None` if it would
    /// not. The count may be forgotten after `expires_at`.
    ///
    /// Implementations return [`StoreError`] when the counts cannot be reached, and nothing else.
    fn increment(
        &self,
        bucket: &str,
        by: u32,
        limit: u32,
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<Option<u32>, StoreError>> + Send;
}

/// What one instance has taken for one caller in one window.
#[derive(Debug, Clone, Copy)]
struct GrantBatch {
    /// The window's number.
    window: i64,
    /// Grants that are left.
    grants: u32,
    /// How many to take next time.
    next: u32,
    /// The shared count, when it was last seen.
    used: u32,
    /// Whether the window is known to be used up.
    exhausted: bool,
}

impl GrantBatch {
    fn join(&mut self, other: Self) {
        if self.window == other.window {
            self.grants += other.grants;
            self.next = self.next.max(other.next);
            self.used = self.used.max(other.used);
            self.exhausted |= other.exhausted;
        } else {
            *self = other;
        }
    }
}

/// Limits the requests of callers.
#[derive(Debug, Clone)]
pub struct RateLimiter<C> {
    counters: C,
    leases: Arc<Mutex<HashMap<String, GrantBatch>>>,
}

/// How many callers an instance remembers at most.
const REMEMBERED: usize = 10_000;

impl<C: Counters> RateLimiter<C> {
    /// Counts in `counters`.
    #[must_use]
    pub fn new(counters: C) -> Self {
        Self { counters, leases: Arc::default() }
    }

    /// Asks for one request of `bucket`.
    ///
    /// # Errors
    /// [`StoreError`] when the counts cannot be reached; what then is the caller's to decide.
    pub async fn acquire(
        &self,
        bucket: &str,
        quota: Quota,
        now: Timestamp,
    ) -> Result<RateLimitDecision, StoreError> {
        let (window, reset) = quota.window_at(now);
        let mut lease = self.lease(bucket, window);
        if lease.grants == 0 && !lease.exhausted {
            self.renew(bucket, &mut lease, quota, now.saturating_add(reset)).await?;
        }
        let allowed = lease.grants > 0;
        lease.grants = lease.grants.saturating_sub(1);
        self.keep(bucket, lease);
        let remaining = quota.limit.saturating_sub(lease.used) + lease.grants;
        Ok(RateLimitDecision { allowed, limit: quota.limit, remaining, reset })
    }

    /// Takes further grants: one at first, twice as many each time after that, but never more than a quarter of what is
    /// left, so that a caller who goes from instance to instance is not robbed by them.
    async fn renew(
        &self,
        bucket: &str,
        lease: &mut GrantBatch,
        quota: Quota,
        ends: Timestamp,
    ) -> Result<(), StoreError> {
        let key = format!("{bucket}#{}", lease.window);
        for wanted in [lease.next, 1] {
            if let Some(used) = self.counters.increment(&key, wanted, quota.limit, ends).await? {
                let left = quota.limit.saturating_sub(used);
                lease.grants = wanted;
                lease.used = used;
                lease.next = (wanted * 2).min(left / 4).max(1);
                return Ok(());
            }
            if wanted == 1 {
                break;
            }
        }
        lease.exhausted = true;
        lease.used = quota.limit;
        Ok(())
    }

    /// The lease of this window; taken out, so that two requests do not use the same grant.
    fn lease(&self, bucket: &str, window: i64) -> GrantBatch {
        let fresh = GrantBatch { window, grants: 0, next: 1, used: 0, exhausted: false };
        let mut leases = self.lock();
        match leases.get_mut(bucket).filter(|lease| lease.window == window) {
            Some(lease) => {
                let taken = *lease;
                lease.grants = 0;
                taken
            }
            None => fresh,
        }
    }

    /// Puts a lease back, beside what another request of the same caller may have put back meanwhile.
    fn keep(&self, bucket: &str, lease: GrantBatch) {
        let mut leases = self.lock();
        if let Some(kept) = leases.get_mut(bucket) {
            return kept.join(lease);
        }
        if leases.len() >= REMEMBERED {
            leases.retain(|_, known| known.window >= lease.window);
            if leases.len() >= REMEMBERED {
                leases.clear();
            }
        }
        leases.insert(bucket.to_owned(), lease);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, GrantBatch>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct InMemory(Arc<Mutex<(HashMap<String, u32>, u32)>>);

    impl Counters for InMemory {
        async fn increment(
            &self,
            bucket: &str,
            by: u32,
            limit: u32,
            _: Timestamp,
        ) -> Result<Option<u32>, StoreError> {
            let mut state = self.0.lock().unwrap();
            state.1 += 1;
            let count = state.0.entry(bucket.to_owned()).or_default();
            if *count + by > limit {
                return Ok(None);
            }
            *count += by;
            Ok(Some(*count))
        }
    }

    impl InMemory {
        fn requests(&self) -> u32 {
            self.0.lock().unwrap().1
        }
    }

    const QUOTA: Quota = Quota::per_minute(100);

    #[tokio::test]
    async fn sixteen_instances_together_grant_no_more_than_the_quota() {
        let counters = InMemory::default();
        let instances: Vec<_> = (0..16).map(|_| RateLimiter::new(counters.clone())).collect();
        let now = Timestamp::from_millis(0);
        let mut granted = 0;
        for n in 0..1_600 {
            let verdict = instances[n % 16].acquire("caller", QUOTA, now).await.unwrap();
            granted += u32::from(verdict.allowed);
        }
        assert!((70..=100).contains(&granted), "{granted}");
    }

    #[tokio::test]
    async fn one_instance_grants_the_whole_quota_with_few_requests_and_a_blocked_caller_costs_none() {
        let counters = InMemory::default();
        let limiter = RateLimiter::new(counters.clone());
        let now = Timestamp::from_millis(0);
        let mut granted = 0;
        for _ in 0..100 {
            granted += u32::from(limiter.acquire("caller", QUOTA, now).await.unwrap().allowed);
        }
        assert_eq!(granted, 100);
        assert!(counters.requests() <= 25, "{}", counters.requests());
        assert!(!limiter.acquire("caller", QUOTA, now).await.unwrap().allowed);
        let before = counters.requests();
        for _ in 0..1_000 {
            assert!(!limiter.acquire("caller", QUOTA, now).await.unwrap().allowed);
        }
        assert_eq!(counters.requests(), before);
        let next_window =
            limiter.acquire("caller", QUOTA, now.saturating_add(Duration::from_mins(1))).await.unwrap();
        assert_eq!((next_window.allowed, next_window.remaining), (true, 99));
    }
}

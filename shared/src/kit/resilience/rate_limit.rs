//! Rate limits: exact across all instances, and cheap for callers that keep to them.
//!
//! A quota is a number of requests per window of fixed length. The count of a caller's window is one item of
//! the table. It is incremented on condition that it stays within the quota, so the instances together never
//! grant more than the quota. An instance takes several grants at once, more for busier callers, so that most
//! requests need no access to the table; unused grants expire with the window. A rejected caller is
//! remembered until the window ends and needs no access either.

pub mod attempts;

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::kit::command::StoreError;
use crate::kit::system::clock::Timestamp;

/// Number of requests per window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Number of requests allowed per window.
    pub limit: u32,
    /// Length of a window.
    pub window: Duration,
}

impl Quota {
    /// `limit` requests per minute.
    #[must_use]
    pub const fn per_minute(limit: u32) -> Self {
        Self { limit, window: Duration::from_mins(1) }
    }

    /// Number of the window that contains `now`, and the time until the window ends.
    #[must_use]
    pub fn window_at(&self, now: Timestamp) -> (i64, Duration) {
        let length = i64::try_from(self.window.as_millis()).unwrap_or(i64::MAX).max(1);
        let millis = now.as_millis();
        let left = length - millis.rem_euclid(length);
        (millis.div_euclid(length), Duration::from_millis(u64::try_from(left).unwrap_or(0)))
    }
}

/// Decision about a request, with the values of the rate-limit headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimitDecision {
    /// True if the request is allowed.
    pub allowed: bool,
    /// Number of requests allowed per window.
    pub limit: u32,
    /// Number of requests left in this window, as far as this instance knows.
    pub remaining: u32,
    /// Time until this window ends.
    pub reset: Duration,
}

/// Counters shared by all instances.
pub trait Counters: Clone + Send + Sync + 'static {
    /// Adds `by` to the counter of `bucket` if it stays within `limit`, and returns the new value; `None` if
    /// it would exceed the limit. The counter may be deleted after `expires_at`.
    ///
    /// Implementations return [`StoreError`] only if the counters cannot be reached.
    fn increment(
        &self,
        bucket: &str,
        by: u32,
        limit: u32,
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<Option<u32>, StoreError>> + Send;
}

/// Grants that an instance has taken for a caller in a window.
#[derive(Debug, Clone, Copy)]
struct GrantBatch {
    /// Number of the window.
    window: i64,
    /// Number of grants left.
    grants: u32,
    /// Number of grants to take next time.
    next: u32,
    /// Last known value of the shared counter.
    used: u32,
    /// True if the quota of the window is known to be exhausted.
    exhausted: bool,
}

impl GrantBatch {
    fn merge(&mut self, other: Self) {
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

/// Limits the number of requests per caller.
#[derive(Debug, Clone)]
pub struct RateLimiter<C> {
    counters: C,
    leases: Arc<Mutex<HashMap<String, GrantBatch>>>,
}

/// Maximum number of callers that an instance remembers.
const MAX_CALLERS: usize = 10_000;

impl<C: Counters> RateLimiter<C> {
    /// Limiter with these counters.
    #[must_use]
    pub fn new(counters: C) -> Self {
        Self { counters, leases: Arc::default() }
    }

    /// Decides about a request of `bucket`.
    ///
    /// # Errors
    /// [`StoreError`] if the counters cannot be reached; the caller decides what to do then.
    pub async fn acquire(
        &self,
        bucket: &str,
        quota: Quota,
        now: Timestamp,
    ) -> Result<RateLimitDecision, StoreError> {
        let (window, reset) = quota.window_at(now);
        let mut lease = self.lease(bucket, window);
        if lease.grants == 0 && !lease.exhausted {
            self.take_grants(bucket, &mut lease, quota, now.saturating_add(reset)).await?;
        }
        let allowed = lease.grants > 0;
        lease.grants = lease.grants.saturating_sub(1);
        self.put_back(bucket, lease);
        let remaining = quota.limit.saturating_sub(lease.used) + lease.grants;
        Ok(RateLimitDecision { allowed, limit: quota.limit, remaining, reset })
    }

    /// Takes more grants: one at first, then twice as many each time, but never more than a quarter of what
    /// is left. So unused grants do not exhaust the quota of a caller whose requests go to several instances.
    async fn take_grants(
        &self,
        bucket: &str,
        lease: &mut GrantBatch,
        quota: Quota,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let key = format!("{bucket}#{}", lease.window);
        for amount in [lease.next, 1] {
            if let Some(used) = self.counters.increment(&key, amount, quota.limit, expires_at).await? {
                let left = quota.limit.saturating_sub(used);
                lease.grants = amount;
                lease.used = used;
                lease.next = (amount * 2).min(left / 4).max(1);
                return Ok(());
            }
            if amount == 1 {
                break;
            }
        }
        lease.exhausted = true;
        lease.used = quota.limit;
        Ok(())
    }

    /// Takes the grants of this window out of the shared state, so that two requests do not use the same
    /// grant.
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

    /// Puts grants back, merging them with those that a concurrent request of the same caller has put back.
    fn put_back(&self, bucket: &str, lease: GrantBatch) {
        let mut leases = self.lock();
        if let Some(kept) = leases.get_mut(bucket) {
            return kept.merge(lease);
        }
        if leases.len() >= MAX_CALLERS {
            leases.retain(|_, known| known.window >= lease.window);
            if leases.len() >= MAX_CALLERS {
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
    async fn sixteen_instances_grant_no_more_than_the_quota() {
        let counters = InMemory::default();
        let instances: Vec<_> = (0..16).map(|_| RateLimiter::new(counters.clone())).collect();
        let now = Timestamp::from_millis(0);
        let mut granted = 0;
        for n in 0..1_600 {
            let decision = instances[n % 16].acquire("caller", QUOTA, now).await.unwrap();
            granted += u32::from(decision.allowed);
        }
        assert!((70..=100).contains(&granted), "{granted}");
    }

    #[tokio::test]
    async fn full_quota_takes_few_increments_and_rejections_take_none() {
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

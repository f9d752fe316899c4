//! Rate limits: exact in every window across all instances, and cheap for callers that keep to them.
//!
//! A quota is the maximum number of requests in any window of a given length. The requests of a caller are
//! counted per segment of the window ([`window`]). The counts are one item of the table, which changes only if
//! their sum stays within the quota, so the instances together never grant more.
//!
//! Most requests need no access to the table, because an instance takes several grants at once: as many as it
//! expects to use in the rest of the segment. A grant is counted when it is taken, and is valid in its segment
//! only. A caller whose counts are known to be at the limit is rejected without access to the table.

pub mod attempts;
pub mod window;

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use window::{Segment, WindowCounts};

use crate::kit::command::StoreError;
use crate::kit::system::clock::Timestamp;

/// Number of requests per window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Number of requests allowed in any window.
    pub limit: u32,
    /// Length of a window.
    pub window: Duration,
}

impl Quota {
    /// `limit` requests per minute.
    #[cfg(test)]
    pub(crate) const fn per_minute(limit: u32) -> Self {
        Self { limit, window: Duration::from_mins(1) }
    }

    /// Number of the aligned window that contains `now`, and the time until that window ends.
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
    /// Number of requests left, as far as this instance knows.
    pub remaining: u32,
    /// Time until the oldest counted requests leave the window. A rejected caller can retry then.
    pub reset: Duration,
}

/// Grants to add to the counts of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Take {
    /// Counts as last read; `None` if no item was found or none has been read.
    pub known: Option<WindowCounts>,
    /// Segment of the instance's clock.
    pub segment: i64,
    /// Number of grants to take.
    pub grants: u32,
    /// Maximum sum of the counts.
    pub limit: u32,
    /// Time after which the counts have no effect and may be deleted.
    pub expires_at: Timestamp,
}

/// Result of [`Counters::take`], with the counts as they are now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeOutcome {
    /// The grants are taken.
    Taken(WindowCounts),
    /// Nothing is taken: the sum would exceed the limit, or the counts are not those that were known.
    Refused(Option<WindowCounts>),
}

/// Counters shared by all instances.
pub trait Counters: Clone + Send + Sync + 'static {
    /// Adds grants to the counts of `bucket`: to the latest segment if that is the one of `take` or a later
    /// one, else to a new segment, on condition that the counts are those that are known.
    ///
    /// Implementations return [`StoreError`] only if the counters cannot be reached.
    fn take(&self, bucket: &str, take: Take) -> impl Future<Output = Result<TakeOutcome, StoreError>> + Send;
}

/// State of a caller in an instance.
#[derive(Debug, Clone, Copy, Default)]
struct Caller {
    /// Counts as last read.
    known: Option<WindowCounts>,
    /// Segment of the grants.
    segment: i64,
    /// Number of grants left in the segment.
    grants: u32,
    /// Number of requests allowed in the segment.
    allowed: u32,
    /// Number of requests allowed in the segment before.
    allowed_before: u32,
}

impl Caller {
    /// Enters a segment: unused grants of the one before are lost.
    fn enter(&mut self, segment: i64) {
        if self.segment != segment {
            let adjacent = self.segment.checked_add(1) == Some(segment);
            let allowed_before = if adjacent { self.allowed } else { 0 };
            *self = Self { known: self.known, segment, grants: 0, allowed: 0, allowed_before };
        }
    }

    fn counts(&self) -> WindowCounts {
        self.known.unwrap_or(WindowCounts::empty(self.segment)).at(self.segment)
    }

    /// Number of grants to take when `room` are left in the window: as many as the caller is expected to use in
    /// the rest of the segment. After the first lease of a segment no more than it has used, and no more than a
    /// quarter of the room, because unused grants are lost.
    fn lease(&self, room: u32, segment: Segment) -> u32 {
        let Segment { past, left, .. } = segment;
        let (expected, most) = if self.allowed == 0 {
            (u64::from(self.allowed_before) * left / (past + left), room)
        } else {
            (u64::from(self.allowed) * left / past.max(1), self.allowed.min(room / 4))
        };
        u32::try_from(expected).unwrap_or(u32::MAX).min(most).max(1)
    }

    fn taken(&mut self, counts: WindowCounts, segment: i64, grants: u32) {
        self.learn(Some(counts));
        if self.segment == segment {
            self.grants += grants;
        }
    }

    /// Replaces the known counts, unless a concurrent request has read later ones.
    fn learn(&mut self, counts: Option<WindowCounts>) {
        let age = |counts: WindowCounts| (counts.segment, counts.used());
        if counts.is_none() || self.known.map(age) < counts.map(age) {
            self.known = counts;
        }
    }
}

/// Limits the number of requests per caller.
#[derive(Debug, Clone)]
pub struct RateLimiter<C> {
    counters: C,
    callers: Arc<Mutex<HashMap<String, Caller>>>,
}

/// Maximum number of callers that an instance remembers.
const MAX_CALLERS: usize = 10_000;

/// Maximum attempts to take grants while other instances change the same counts.
const MAX_ATTEMPTS: usize = 24;

impl<C: Counters> RateLimiter<C> {
    /// Limiter with these counters.
    #[must_use]
    pub fn new(counters: C) -> Self {
        Self { counters, callers: Arc::default() }
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
        for _ in 0..MAX_ATTEMPTS {
            let take = match self.decide(bucket, quota, now) {
                Next::Decided(decision) => return Ok(decision),
                Next::Take(take) => take,
            };
            let outcome = self.counters.take(bucket, take).await?;
            let mut callers = self.lock();
            let caller = callers.entry(bucket.to_owned()).or_default();
            match outcome {
                TakeOutcome::Taken(counts) => caller.taken(counts, take.segment, take.grants),
                TakeOutcome::Refused(counts) => caller.learn(counts),
            }
        }
        Err(StoreError::Throttled)
    }

    /// Decides from what this instance knows, or determines the grants to take.
    fn decide(&self, bucket: &str, quota: Quota, now: Timestamp) -> Next {
        let segment = quota.segment_at(now);
        let mut callers = self.lock();
        if callers.len() >= MAX_CALLERS && !callers.contains_key(bucket) {
            callers.retain(|_, caller| caller.counts().at(segment.number).used() > 0);
            if callers.len() >= MAX_CALLERS {
                callers.clear();
            }
        }
        let caller = callers.entry(bucket.to_owned()).or_default();
        caller.enter(segment.number);
        let counts = caller.counts();
        let room = quota.limit.saturating_sub(counts.used());
        let allowed = caller.grants > 0;
        if !allowed && room > 0 {
            return Next::Take(Take {
                known: caller.known,
                segment: segment.number,
                grants: caller.lease(room, segment),
                limit: quota.limit,
                expires_at: quota.expiry_of(segment.number),
            });
        }
        if allowed {
            caller.grants -= 1;
            caller.allowed += 1;
        }
        Next::Decided(RateLimitDecision {
            allowed,
            limit: quota.limit,
            remaining: room + caller.grants,
            reset: counts.until_some_leave(quota, now),
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Caller>> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Next step of a request.
enum Next {
    /// The request is allowed or rejected.
    Decided(RateLimitDecision),
    /// Grants must be taken first.
    Take(Take),
}

/// Counters of one process, for tests and for when the table cannot be reached.
#[derive(Debug, Clone, Default)]
pub struct LocalCounters(Arc<Mutex<HashMap<String, WindowCounts>>>);

impl Counters for LocalCounters {
    async fn take(&self, bucket: &str, take: Take) -> Result<TakeOutcome, StoreError> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MAX_CALLERS {
            buckets.retain(|_, counts| counts.at(take.segment).used() > 0);
        }
        let counts = buckets.entry(bucket.to_owned()).or_insert(WindowCounts::empty(take.segment));
        let raised = counts.at(take.segment).with(take.grants);
        if raised.used() > take.limit {
            return Ok(TakeOutcome::Refused(Some(*counts)));
        }
        *counts = raised;
        Ok(TakeOutcome::Taken(raised))
    }
}

#[cfg(test)]
mod model_tests;

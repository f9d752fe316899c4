//! Tests of the limiter against a model: the times of all allowed requests, and every window of them.

use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;

use super::*;

/// Counters that count the calls.
#[derive(Clone, Default)]
struct Counted(LocalCounters, Arc<AtomicU32>);

impl Counters for Counted {
    async fn take(&self, bucket: &str, take: Take) -> Result<TakeOutcome, StoreError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        // Like the table: outside of the latest segment, the counts must equal those that are known.
        let current = self.0.0.lock().unwrap().get(bucket).copied();
        let known = match (take.known, current) {
            (Some(known), Some(current)) if known.segment >= take.segment => known.segment == current.segment,
            (known, current) => known == current,
        };
        if known { self.0.take(bucket, take).await } else { Ok(TakeOutcome::Refused(current)) }
    }
}

impl Counted {
    fn calls(&self) -> u32 {
        self.1.load(Ordering::Relaxed)
    }
}

const QUOTA: Quota = Quota::per_minute(100);

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + millis)
}

/// Instances of a function with clocks that differ.
struct Fleet {
    counters: Counted,
    instances: Vec<(RateLimiter<Counted>, i64)>,
    allowed: Vec<i64>,
}

impl Fleet {
    /// Instances whose clocks are ahead by these milliseconds.
    fn new(skews: &[i64]) -> Self {
        let counters = Counted::default();
        let instances = skews.iter().map(|skew| (RateLimiter::new(counters.clone()), *skew)).collect();
        Self { counters, instances, allowed: Vec::new() }
    }

    fn request(&mut self, instance: usize, quota: Quota, millis: i64) -> bool {
        let (limiter, skew) = &self.instances[instance % self.instances.len()];
        let acquired = limiter.acquire("caller", quota, at(millis + skew));
        let decision = futures::executor::block_on(acquired).unwrap();
        if decision.allowed {
            self.allowed.push(millis);
        }
        decision.allowed
    }

    /// Largest number of requests allowed in a window of this length.
    fn most_in_a_window(&self, window: Duration) -> usize {
        let window = i64::try_from(window.as_millis()).unwrap();
        let in_window =
            |start: i64| self.allowed.iter().filter(|at| (start..start + window).contains(at)).count();
        self.allowed.iter().map(|start| in_window(*start)).max().unwrap_or_default()
    }
}

/// Request: milliseconds since the one before, and number of the instance.
fn requests() -> impl Strategy<Value = Vec<(i64, usize)>> {
    let gap = prop_oneof![6 => 0..50i64, 3 => 0..2_000i64, 1 => 0..40_000i64];
    prop::collection::vec((gap, 0..16usize), 1..600)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// The clocks of two instances differ by less than a segment, which is 6 seconds here.
    #[test]
    fn no_window_has_more_requests_than_the_limit(
        requests in requests(),
        skews in prop::collection::vec(0..6_000i64, 16),
        limit in 1..60u32,
    ) {
        let (mut fleet, quota) = (Fleet::new(&skews), Quota::per_minute(limit));
        let mut now = 0;
        for (gap, instance) in requests {
            now += gap;
            fleet.request(instance, quota, now);
        }
        prop_assert!(fleet.most_in_a_window(quota.window) <= limit as usize);
    }

    #[test]
    fn rejected_caller_is_allowed_after_retry_after(burst in 1..300i64, limit in 1..60u32) {
        let (limiter, quota) = (RateLimiter::new(Counted::default()), Quota::per_minute(limit));
        let acquire = |now| futures::executor::block_on(limiter.acquire("caller", quota, now)).unwrap();
        for n in 0..burst - 1 {
            acquire(at(n * 40));
        }
        let now = at(burst * 40);
        let decision = acquire(now);
        if !decision.allowed {
            let retry_at = now.saturating_add(decision.reset);
            prop_assert!(!acquire(retry_at.saturating_sub(Duration::from_millis(1))).allowed);
            prop_assert!(acquire(retry_at).allowed);
        }
    }
}

#[test]
fn burst_over_sixteen_instances_gets_exactly_the_limit() {
    let mut fleet = Fleet::new(&[0; 16]);
    let allowed = (0..1_600).filter(|n| fleet.request(*n, QUOTA, 59_999)).count();
    assert_eq!(allowed, 100);
    // An aligned minute begins; the requests of the last second still count.
    let allowed = (0..1_600).filter(|n| fleet.request(*n, QUOTA, 60_001)).count();
    assert_eq!(allowed, 0);
    assert_eq!(fleet.most_in_a_window(QUOTA.window), 100);
}

#[test]
fn steady_caller_gets_three_quarters_of_the_limit() {
    for instances in [1, 16] {
        for per_minute in [75, 100, 130, 400] {
            let mut fleet = Fleet::new(&vec![0; instances]);
            for (instance, n) in (0..20 * per_minute).enumerate() {
                fleet.request(instance, QUOTA, n * 60_000 / per_minute);
            }
            let allowed = fleet.allowed.len() / 20;
            assert!(allowed >= 75, "{instances} instances, {per_minute} per minute: {allowed}");
        }
    }
}

#[test]
fn one_instance_makes_few_calls_at_a_limit_of_100() {
    for per_minute in [60, 100, 400] {
        let mut fleet = Fleet::new(&[0]);
        let requests = 20 * per_minute;
        for n in 0..requests {
            fleet.request(0, QUOTA, n * 60_000 / per_minute);
        }
        let (calls, allowed) = (fleet.counters.calls(), u32::try_from(fleet.allowed.len()).unwrap());
        assert!(calls * 10 <= allowed * 6, "{per_minute} per minute: {calls} calls, {allowed} allowed");
    }
}

#[test]
fn rejections_make_no_calls() {
    let mut fleet = Fleet::new(&[0]);
    while fleet.request(0, QUOTA, 0) {}
    assert!(fleet.counters.calls() <= 40, "{}", fleet.counters.calls());
    let before = fleet.counters.calls();
    for n in 0..1_000 {
        assert!(!fleet.request(0, QUOTA, n * 60));
    }
    assert_eq!(fleet.counters.calls(), before);
}

#[test]
fn unused_grants_are_lost_with_their_segment() {
    let mut fleet = Fleet::new(&[0]);
    for _ in 0..20 {
        fleet.request(0, QUOTA, 0);
    }
    let taken = fleet.counters.0.0.lock().unwrap()["caller"];
    assert!(taken.used() > 20, "the last lease is larger than its use: {}", taken.used());
    fleet.request(0, QUOTA, 6_000);
    let after = fleet.counters.0.0.lock().unwrap()["caller"];
    assert_eq!(after.segment, taken.segment + 1, "a grant of the segment before is not valid");
}

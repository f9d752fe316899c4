//! Tests of several instances on a virtual clock.

use std::sync::Mutex as StdMutex;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use futures::future::join_all;
use proptest::prelude::*;

use super::*;

const START: i64 = 1_800_000_000_000;

/// Clock that a sleep advances. Instances sleep one after the other.
#[derive(Clone, Default)]
struct TestClock(Arc<AtomicI64>);

impl TestClock {
    fn advance_to(&self, millis: i64) {
        self.0.fetch_max(millis, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(START + self.0.load(Ordering::Relaxed))
    }

    async fn sleep(&self, duration: Duration) {
        self.0.fetch_add(i64::try_from(duration.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

/// Schedule of one service, like the item of the table.
#[derive(Clone, Default)]
struct LocalSchedule {
    end: Arc<StdMutex<Option<Timestamp>>>,
    updates: Arc<AtomicU32>,
}

impl Schedule for LocalSchedule {
    async fn take(&self, _: &str, request: SlotRequest) -> Result<SlotOutcome, StoreError> {
        self.updates.fetch_add(1, Ordering::Relaxed);
        // Another instance may run between the decision to take slots and the update.
        futures::pending!();
        let mut end = self.end.lock().unwrap();
        let appends = request.start() > request.now;
        let is_taken = end.is_some_and(|end| end > request.now);
        if appends != is_taken {
            return Ok(SlotOutcome::Outdated(*end));
        }
        let new_end = end.map_or(request.now, |end| end.max(request.now)).saturating_add(request.length);
        *end = Some(new_end);
        Ok(SlotOutcome::Until(new_end))
    }
}

fn instance(per_second: u32, clock: &TestClock) -> Pacer<TestClock> {
    Pacer::new("service", NonZeroU32::new(per_second).unwrap()).with_clock(clock.clone())
}

/// Milliseconds of a turn since the start of the test.
fn millis(turn: Turn, clock: &TestClock) -> i64 {
    match turn {
        Turn::Now => clock.now().as_millis() - START,
        Turn::At(slot) => slot.as_millis() - START,
    }
}

/// Waits for the turn of a call although its waker is never called.
fn run<T>(work: impl Future<Output = T>) -> T {
    futures::executor::block_on(async {
        let mut work = std::pin::pin!(work);
        futures::future::poll_fn(|context| {
            context.waker().wake_by_ref();
            work.as_mut().poll(context)
        })
        .await
    })
}

#[test]
fn thousand_calls_get_the_slots_that_the_service_needs_for_them() {
    let (clock, schedule) = (TestClock::default(), LocalSchedule::default());
    let instances: Vec<_> = (0..20).map(|_| instance(25, &clock)).collect();
    let mut slots = Vec::new();
    for batch in 0..100 {
        let pacer = &instances[batch % instances.len()];
        let turns = join_all((0..10).map(|_| pacer.slot(&schedule)));
        slots.extend(run(turns).into_iter().map(|slot| slot.unwrap().as_millis() - START));
    }
    slots.sort_unstable();
    assert_eq!(slots, (0..1_000).map(|n| n * 40).collect::<Vec<_>>());
    let updates = schedule.updates.load(Ordering::Relaxed);
    assert!((100..=140).contains(&updates), "calls that wait together share an update: {updates}");
}

#[test]
fn call_waits_for_a_near_slot_and_gets_the_time_of_a_later_one() {
    let (clock, schedule) = (TestClock::default(), LocalSchedule::default());
    let pacer = instance(2, &clock);
    assert_eq!(run(pacer.turn(None, &schedule)).unwrap(), Turn::Now);
    assert_eq!(run(pacer.turn(None, &schedule)).unwrap(), Turn::Now);
    assert_eq!(clock.now().as_millis() - START, 300, "the second call waited");
    let busy = LocalSchedule::default();
    *busy.end.lock().unwrap() = Some(Timestamp::from_millis(START + 60_000));
    let Turn::At(slot) = run(pacer.turn(None, &busy)).unwrap() else { panic!("the slot is a minute later") };
    assert_eq!(slot.as_millis() - START, 60_000);

    clock.advance_to(60_000);
    let updates = busy.updates.load(Ordering::Relaxed);
    assert_eq!(run(pacer.turn(Some(slot), &busy)).unwrap(), Turn::Now);
    assert_eq!(busy.updates.load(Ordering::Relaxed), updates, "a call that returns has its slot");
}

#[test]
fn slots_that_many_messages_missed_are_not_used_at_once() {
    let (clock, schedule) = (TestClock::default(), LocalSchedule::default());
    let pacer = instance(2, &clock);
    clock.advance_to(600_000);
    let missed = Some(Timestamp::from_millis(START));
    let turns: Vec<i64> =
        (0..20).map(|_| millis(run(pacer.turn(missed, &schedule)).unwrap(), &clock)).collect();
    assert!(turns[19] - turns[0] >= 19 * 500 - 200, "{turns:?}");
}

proptest! {
    /// Instances that come and go, at any rate: no two calls are closer than the rate allows.
    #[test]
    fn calls_are_never_faster_than_the_rate(
        per_second in 1..200_u32,
        calls in prop::collection::vec((0..300_i64, 0..8_usize, 1..12_usize), 1..60),
    ) {
        let (clock, schedule) = (TestClock::default(), LocalSchedule::default());
        let instances: Vec<_> = (0..8).map(|_| instance(per_second, &clock)).collect();
        let (mut slots, mut now) = (Vec::new(), 0);
        for (gap, instance, count) in calls {
            now += gap;
            clock.advance_to(now);
            let turns = join_all((0..count).map(|_| instances[instance].slot(&schedule)));
            for slot in run(turns) {
                let slot = slot.unwrap().as_millis() - START;
                prop_assert!(slot >= now, "a slot is not in the past");
                slots.push(slot);
            }
        }
        slots.sort_unstable();
        // A second, less the rounding to milliseconds of each slot.
        for window in slots.windows(usize::try_from(per_second).unwrap() + 1) {
            prop_assert!(window[window.len() - 1] - window[0] >= 999, "{window:?}");
        }
    }
}

//! Compares the breaker with a naive model that keeps all calls and recounts them each time: on long random
//! histories, and on all short ones.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Barrier};

use proptest::prelude::*;

use super::*;
use crate::kit::system::clock::Timestamp;

const CONFIG: BreakerConfig = BreakerConfig {
    window: Duration::from_millis(10),
    min_calls: 3,
    failure_rate_percent: 50,
    open_for: Duration::from_millis(4),
};

/// Event in the history of a breaker.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// A caller requests permission to call.
    TryAcquire,
    /// The `n`th of the calls in flight ends.
    End(usize, CallOutcome),
    /// This many milliseconds pass.
    Elapse(u64),
}

/// Naive model. It keeps all calls that ended, each with the generation in which it began.
#[derive(Debug, Default)]
struct Model {
    now: i64,
    generation: usize,
    /// Generation, end time, and true if failed.
    completed: Vec<(usize, i64, bool)>,
    /// End of the open state, if the breaker is open.
    open: Option<i64>,
    probing: bool,
}

impl Model {
    fn rejects(&self) -> bool {
        self.probing || self.open.is_some_and(|until| self.now < until)
    }

    fn try_acquire(&mut self) -> Option<usize> {
        if self.rejects() {
            return None;
        }
        if self.open.take().is_some() {
            self.probing = true;
            self.generation += 1;
        }
        Some(self.generation)
    }

    fn end(&mut self, began: usize, outcome: CallOutcome) {
        if began != self.generation {
            return;
        }
        if self.probing {
            self.probing = false;
            self.generation += 1;
            self.open = match outcome {
                CallOutcome::Succeeded => None,
                CallOutcome::Failed => Some(self.now + 4),
                CallOutcome::Abandoned => Some(self.now),
            };
        } else if outcome != CallOutcome::Abandoned {
            self.completed.push((began, self.now, outcome == CallOutcome::Failed));
            self.open_if_failing();
        }
    }

    fn open_if_failing(&mut self) {
        let recent = |call: &&(usize, i64, bool)| call.0 == self.generation && self.now - call.1 <= 10;
        let calls: Vec<_> = self.completed.iter().rev().filter(recent).take(MAX_SAMPLES).collect();
        let failed = calls.iter().filter(|call| call.2).count();
        if calls.len() >= 3 && failed > calls.len() - failed {
            self.generation += 1;
            self.open = Some(self.now + 4);
        }
    }
}

/// Breaker and model, side by side.
#[derive(Debug, Default)]
struct Pair {
    circuit: Circuit,
    model: Model,
    in_flight: Vec<(Ticket, usize)>,
}

impl Pair {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_000_000 + self.model.now)
    }

    fn apply(&mut self, event: Event) {
        let now = self.now();
        match event {
            Event::TryAcquire => match (self.circuit.try_acquire(&CONFIG, now), self.model.try_acquire()) {
                (Ok(ticket), Some(began)) => self.in_flight.push((ticket, began)),
                (Err(rejected), None) => assert!(!rejected.retry_after.is_zero(), "{rejected:?}"),
                (circuit, model) => panic!("breaker: {circuit:?}, model: {model:?}, state: {self:?}"),
            },
            Event::End(which, outcome) if !self.in_flight.is_empty() => {
                let (ticket, began) = self.in_flight.remove(which % self.in_flight.len());
                self.circuit.report(&CONFIG, ticket, outcome, now);
                self.model.end(began, outcome);
            }
            Event::End(..) => {}
            Event::Elapse(millis) => self.model.now += i64::try_from(millis).unwrap(),
        }
        assert_eq!(
            self.circuit.open_remaining(&CONFIG, self.now()).is_some(),
            self.model.rejects(),
            "{self:?}"
        );
        let probes = self.in_flight.iter().filter(|(_, began)| *began == self.model.generation).count();
        assert!(!self.model.probing || probes == 1, "{probes} probes: {self:?}");
    }
}

fn outcome() -> impl Strategy<Value = CallOutcome> {
    prop_oneof![
        3 => Just(CallOutcome::Failed),
        2 => Just(CallOutcome::Succeeded),
        1 => Just(CallOutcome::Abandoned),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::TryAcquire),
        4 => (0..8_usize, outcome()).prop_map(|(which, outcome)| Event::End(which, outcome)),
        1 => (0..6_u64).prop_map(Event::Elapse),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn breaker_matches_the_model_on_long_histories(history in prop::collection::vec(event(), 0..400)) {
        let mut pair = Pair::default();
        for event in history {
            pair.apply(event);
        }
    }
}

/// All possible next events when up to three callers compete.
fn next_events(in_flight: usize) -> Vec<Event> {
    let ends = (0..in_flight).flat_map(|which| {
        [CallOutcome::Succeeded, CallOutcome::Failed, CallOutcome::Abandoned]
            .map(|outcome| Event::End(which, outcome))
    });
    let acquire = (in_flight < 3).then_some(Event::TryAcquire);
    acquire.into_iter().chain(ends).chain([Event::Elapse(4)]).collect()
}

/// Replays `history` and every continuation of it by `steps` events; returns the number of histories.
fn explore(history: &mut Vec<Event>, steps: usize) -> usize {
    let mut pair = Pair::default();
    // Three calls are in flight that began while the breaker was closed, one failure before it opens.
    for event in [Event::TryAcquire; 5].into_iter().chain([Event::End(0, CallOutcome::Failed); 2]) {
        pair.apply(event);
    }
    for event in history.iter() {
        pair.apply(*event);
    }
    if steps == 0 {
        return 1;
    }
    next_events(pair.in_flight.len())
        .into_iter()
        .map(|next| {
            history.push(next);
            let explored = explore(history, steps - 1);
            history.pop();
            explored
        })
        .sum()
}

#[test]
fn interleavings_allow_one_probe_and_ignore_late_results() {
    let explored = explore(&mut Vec::new(), 6);
    println!("interleavings: {explored} histories, 0 violations");
    assert!(explored > 40_000, "{explored}");
}

#[derive(Debug, Clone, Default)]
struct ManualClock(Arc<AtomicI64>);

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    async fn sleep(&self, _: Duration) {}
}

fn open_breaker(clock: &ManualClock) -> Breaker<ManualClock> {
    let breaker = Breaker::new("service", CONFIG, clock.clone());
    for _ in 0..3 {
        breaker.try_acquire().unwrap().end(CallOutcome::Failed);
    }
    assert_eq!(breaker.try_acquire().unwrap_err(), CircuitOpen { retry_after: CONFIG.open_for });
    breaker
}

#[test]
fn one_of_many_concurrent_threads_gets_the_probe() {
    for _ in 0..200 {
        let clock = ManualClock::default();
        let breaker = open_breaker(&clock);
        clock.0.fetch_add(4, Ordering::SeqCst);
        let (start, ready) = (Barrier::new(8), Barrier::new(8));
        let acquire = || {
            start.wait();
            let permit = breaker.try_acquire();
            ready.wait();
            usize::from(permit.is_ok())
        };
        let probes: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(acquire)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(probes, 1);
    }
}

#[test]
fn abandoned_probe_makes_room_for_the_next() {
    let clock = ManualClock::default();
    let breaker = open_breaker(&clock);
    clock.0.fetch_add(4, Ordering::SeqCst);
    let probe = breaker.try_acquire().unwrap();
    assert!(breaker.try_acquire().is_err());
    drop(probe);
    breaker.try_acquire().unwrap().end(CallOutcome::Succeeded);
    assert_eq!(breaker.open_remaining(), None);
}

#[test]
fn clock_set_back_does_not_keep_the_breaker_open() {
    let clock = ManualClock::default();
    let breaker = open_breaker(&clock);
    clock.0.fetch_sub(60_000, Ordering::SeqCst);
    assert!(breaker.try_acquire().is_ok());
}

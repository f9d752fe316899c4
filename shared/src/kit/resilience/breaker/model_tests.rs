//! The breaker against a naive model that keeps everything and counts anew each time: on long random histories, and on
//! every short one.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Barrier};

use proptest::prelude::*;

use super::*;
use crate::kit::system::clock::Timestamp;

const RULES: BreakerConfig = BreakerConfig {
    window: Duration::from_millis(10),
    min_calls: 3,
    failure_rate_percent: 50,
    open_for: Duration::from_millis(4),
};

/// Something that happens to a breaker.
#[derive(Debug, Clone, Copy)]
enum Happens {
    /// Somebody wants to call.
    Ask,
    /// The call that began as the `n`th of those under way ends.
    End(usize, CallOutcome),
    /// So many milliseconds pass.
    Pass(u64),
}

/// Calls that ended, and calls under way, each with the number of the state that it began in.
#[derive(Debug, Default)]
struct Model {
    now: i64,
    turns: usize,
    ended: Vec<(usize, i64, bool)>,
    /// When the breaker opened last, if it is open, and until when.
    open: Option<i64>,
    probing: bool,
}

impl Model {
    fn refuses(&self) -> bool {
        self.probing || self.open.is_some_and(|until| self.now < until)
    }

    fn ask(&mut self) -> Option<usize> {
        if self.refuses() {
            return None;
        }
        if self.open.take().is_some() {
            self.probing = true;
            self.turns += 1;
        }
        Some(self.turns)
    }

    fn end(&mut self, began: usize, ended: CallOutcome) {
        if began != self.turns {
            return;
        }
        if self.probing {
            self.probing = false;
            self.turns += 1;
            self.open = match ended {
                CallOutcome::Succeeded => None,
                CallOutcome::Failed => Some(self.now + 4),
                CallOutcome::Abandoned => Some(self.now),
            };
        } else if ended != CallOutcome::Abandoned {
            self.ended.push((began, self.now, ended == CallOutcome::Failed));
            self.open_if_failing();
        }
    }

    fn open_if_failing(&mut self) {
        let recent = |call: &&(usize, i64, bool)| call.0 == self.turns && self.now - call.1 <= 10;
        let calls: Vec<_> = self.ended.iter().rev().filter(recent).take(MAX_SAMPLES).collect();
        let failed = calls.iter().filter(|call| call.2).count();
        if calls.len() >= 3 && failed > calls.len() - failed {
            self.turns += 1;
            self.open = Some(self.now + 4);
        }
    }
}

/// Both, side by side.
#[derive(Debug, Default)]
struct Pair {
    circuit: Circuit,
    model: Model,
    under_way: Vec<(Ticket, usize)>,
}

impl Pair {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_000_000 + self.model.now)
    }

    fn apply(&mut self, happens: Happens) {
        let now = self.now();
        match happens {
            Happens::Ask => match (self.circuit.ask(&RULES, now), self.model.ask()) {
                (Ok(pass), Some(began)) => self.under_way.push((pass, began)),
                (Err(resting), None) => assert!(!resting.back_in.is_zero(), "{resting:?}"),
                (circuit, model) => panic!("{circuit:?}, but the model says {model:?}: {self:?}"),
            },
            Happens::End(which, ended) if !self.under_way.is_empty() => {
                let (pass, began) = self.under_way.remove(which % self.under_way.len());
                self.circuit.report(&RULES, pass, ended, now);
                self.model.end(began, ended);
            }
            Happens::End(..) => {}
            Happens::Pass(millis) => self.model.now += i64::try_from(millis).unwrap(),
        }
        assert_eq!(self.circuit.resting(&RULES, self.now()).is_some(), self.model.refuses(), "{self:?}");
        let probes = self.under_way.iter().filter(|(_, began)| *began == self.model.turns).count();
        assert!(!self.model.probing || probes == 1, "{probes} probes: {self:?}");
    }
}

fn ended() -> impl Strategy<Value = CallOutcome> {
    prop_oneof![3 => Just(CallOutcome::Failed), 2 => Just(CallOutcome::Succeeded), 1 => Just(CallOutcome::Abandoned)]
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        4 => Just(Happens::Ask),
        4 => (0..8_usize, ended()).prop_map(|(which, ended)| Happens::End(which, ended)),
        1 => (0..6_u64).prop_map(Happens::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_breaker_does_as_the_model_on_long_histories(history in prop::collection::vec(happens(), 0..400)) {
        let mut pair = Pair::default();
        for event in history {
            pair.apply(event);
        }
    }
}

/// All that can happen next when up to three callers compete.
fn choices(under_way: usize) -> Vec<Happens> {
    let ends = (0..under_way).flat_map(|which| {
        [CallOutcome::Succeeded, CallOutcome::Failed, CallOutcome::Abandoned]
            .map(|ended| Happens::End(which, ended))
    });
    let ask = (under_way < 3).then_some(Happens::Ask);
    ask.into_iter().chain(ends).chain([Happens::Pass(4)]).collect()
}

/// Replays `history`, and then everything that can follow it within so many steps; says how many histories that were.
fn explore(history: &mut Vec<Happens>, steps: usize) -> usize {
    let mut pair = Pair::default();
    // Three calls under way that began while it was closed, one failure before it opens.
    for event in [Happens::Ask; 5].into_iter().chain([Happens::End(0, CallOutcome::Failed); 2]) {
        pair.apply(event);
    }
    for event in history.iter() {
        pair.apply(*event);
    }
    if steps == 0 {
        return 1;
    }
    choices(pair.under_way.len())
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
fn no_interleaving_of_three_callers_lets_a_second_probe_through_or_a_late_answer_count() {
    let explored = explore(&mut Vec::new(), 6);
    println!("interleavings: {explored} histories, 0 violations");
    assert!(explored > 40_000, "{explored}");
}

#[derive(Debug, Clone, Default)]
struct Hand(Arc<AtomicI64>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    async fn sleep(&self, _: Duration) {}
}

fn open(clock: &Hand) -> Breaker<Hand> {
    let breaker = Breaker::new("service", RULES, clock.clone());
    for _ in 0..3 {
        breaker.try_acquire().unwrap().end(CallOutcome::Failed);
    }
    assert_eq!(breaker.try_acquire().unwrap_err(), CircuitOpen { back_in: RULES.open_for });
    breaker
}

#[test]
fn of_many_threads_that_ask_at_once_one_is_the_probe() {
    for _ in 0..200 {
        let clock = Hand::default();
        let breaker = open(&clock);
        clock.0.fetch_add(4, Ordering::SeqCst);
        let (start, ready) = (Barrier::new(8), Barrier::new(8));
        let ask = || {
            start.wait();
            let permit = breaker.try_acquire();
            ready.wait();
            usize::from(permit.is_ok())
        };
        let probes: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(probes, 1);
    }
}

#[test]
fn a_probe_that_is_given_up_makes_room_for_the_next() {
    let clock = Hand::default();
    let breaker = open(&clock);
    clock.0.fetch_add(4, Ordering::SeqCst);
    let probe = breaker.try_acquire().unwrap();
    assert!(breaker.try_acquire().is_err());
    drop(probe);
    breaker.try_acquire().unwrap().end(CallOutcome::Succeeded);
    assert_eq!(breaker.open_remaining(), None);
}

#[test]
fn a_clock_that_is_set_back_does_not_keep_it_open() {
    let clock = Hand::default();
    let breaker = open(&clock);
    clock.0.fetch_sub(60_000, Ordering::SeqCst);
    assert!(breaker.try_acquire().is_ok());
}

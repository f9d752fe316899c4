//! A seed is a schedule: the same, step by step, wherever and whenever it is run.

use std::collections::BTreeSet;
use std::thread;

use simulation::schedule::{Schedule, run, run_up_to};
use simulation::seeded_bug::SeededBug;

const SEEDS: std::ops::Range<u64> = 1..41;

fn hashes(schedule: impl Fn(u64) -> Schedule) -> Vec<u64> {
    SEEDS.map(|seed| schedule(seed).trace.hash()).collect()
}

#[test]
fn the_same_seed_is_the_same_schedule_step_by_step() {
    let here = hashes(|seed| run(seed, None));
    let there = thread::spawn(|| hashes(|seed| run(seed, None))).join().unwrap();
    assert_eq!(here, there);
    assert_eq!(here.iter().collect::<BTreeSet<_>>().len(), here.len(), "different seeds differ");
}

#[test]
fn as_many_decisions_as_a_schedule_takes_are_the_whole_of_it_and_fewer_are_its_beginning() {
    for seed in SEEDS {
        let whole = run(seed, None);
        let again = run_up_to(seed, None, whole.decisions + 1);
        assert_eq!(whole.trace.hash(), again.trace.hash());
        let part = run_up_to(seed, None, whole.decisions / 2);
        let same = whole.trace.lines().iter().zip(part.trace.lines()).take_while(|(one, other)| one == other);
        assert!(same.count() * 4 >= whole.decisions.min(8), "seed {seed} begins otherwise");
    }
}

#[test]
fn a_failing_schedule_is_shortened_to_one_that_fails_as_well() {
    let failing = (1..500).map(|seed| run(seed, Some(SeededBug::LostEvent)));
    let failing = failing.into_iter().find(|schedule| !schedule.violations.is_empty()).unwrap();
    let short = failing.clone().shortened(Some(SeededBug::LostEvent));
    assert!(!short.violations.is_empty() && short.decisions < failing.decisions, "{short}");
}

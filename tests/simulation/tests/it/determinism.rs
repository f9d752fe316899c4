//! The same seed always gives the same schedule.

use std::collections::BTreeSet;
use std::thread;

use simulation::schedule::{Schedule, run, run_up_to};
use simulation::seeded_bug::SeededBug;

const SEEDS: std::ops::Range<u64> = 1..41;

fn hashes(schedule: impl Fn(u64) -> Schedule) -> Vec<u64> {
    SEEDS.map(|seed| schedule(seed).trace.hash()).collect()
}

#[test]
fn same_seed_gives_the_same_schedule() {
    let first = hashes(|seed| run(seed, None));
    let second = thread::spawn(|| hashes(|seed| run(seed, None))).join().unwrap();
    assert_eq!(first, second);
    assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), first.len(), "different seeds differ");
}

#[test]
fn fewer_decisions_give_a_prefix_of_the_schedule() {
    for seed in SEEDS {
        let whole = run(seed, None);
        let again = run_up_to(seed, None, whole.decisions + 1);
        assert_eq!(whole.trace.hash(), again.trace.hash());
        let part = run_up_to(seed, None, whole.decisions / 2);
        let same = whole.trace.lines().iter().zip(part.trace.lines()).take_while(|(one, other)| one == other);
        assert!(same.count() * 4 >= whole.decisions.min(8), "seed {seed} has another prefix");
    }
}

#[test]
fn shortened_schedule_still_fails() {
    let failing = (1..500).map(|seed| run(seed, Some(SeededBug::LostEvent)));
    let failing = failing.into_iter().find(|schedule| !schedule.violations.is_empty()).unwrap();
    let short = failing.clone().shortened(Some(SeededBug::LostEvent));
    assert!(!short.violations.is_empty() && short.decisions < failing.decisions, "{short}");
}

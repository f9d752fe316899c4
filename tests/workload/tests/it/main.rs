//! Short form of the workload, and the completeness of its generator.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "test code")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use workload::coverage::Coverage;
use workload::generate::entries;
use workload::operations::OPERATIONS;
use workload::sequence::{Place, Sequence, Settings, run};
use workload::shrink::shortened;

/// Number of sequences of the short form.
const SEQUENCES: u64 = 24;
/// Number of steps of a sequence.
const STEPS: usize = 250;

/// Runs the sequences of a seed on two threads; returns the coverage, or the first failing sequence.
fn run_all(seed: u64) -> Result<Coverage, Box<Sequence>> {
    let (next, coverage, failing) = (AtomicU64::new(0), Mutex::new(Coverage::default()), Mutex::new(None));
    let work = || {
        while failing.lock().unwrap().is_none() {
            let number = next.fetch_add(1, Ordering::SeqCst);
            if number >= SEQUENCES {
                return;
            }
            let sequence = run(Settings { place: Place::Simulation, seed, number, steps: STEPS });
            coverage.lock().unwrap().add(&sequence.coverage);
            if !sequence.violations.is_empty() {
                *failing.lock().unwrap() = Some(sequence);
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    let failing = failing.into_inner().unwrap_or_else(PoisonError::into_inner);
    failing.map_or_else(|| Ok(coverage.into_inner().unwrap()), |sequence| Err(Box::new(sequence)))
}

#[test]
fn results_of_a_short_run_without_violations() {
    let coverage = match run_all(1) {
        Ok(coverage) => coverage,
        Err(failing) => panic!("{}", shortened(*failing)),
    };
    println!("{} responses, 0 violations", coverage.responses());
    let never_successful: Vec<&String> =
        OPERATIONS.keys().filter(|operation| coverage.successes(operation) < 3).collect();
    assert_eq!(never_successful, ["receiveWebhook"], "too few successful requests");
}

#[test]
fn every_operation_has_a_generator() {
    let generated: BTreeSet<String> = entries().iter().map(|(id, ..)| (*id).to_owned()).collect();
    assert_eq!(generated, OPERATIONS.keys().cloned().collect());
}

#[test]
fn same_seed_gives_the_same_steps() {
    let steps = || {
        let sequence = run(Settings { place: Place::Simulation, seed: 7, number: 3, steps: 60 });
        sequence.steps.iter().map(|(_, step)| step.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(steps(), steps());
}

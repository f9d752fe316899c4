//! Short form of the workload, and the completeness of its generator.

use std::collections::BTreeSet;
use std::time::Duration;

use workload::campaign::{Campaign, STEPS, run_campaign};
use workload::generate::entries;
use workload::operations::OPERATIONS;
use workload::sequence::{Place, Settings, run};
use workload::shrink::shortened;

/// Number of sequences of the short form.
const SEQUENCES: u64 = 32;
/// Minimum number of successful responses of an operation.
const MIN_SUCCESSES: usize = 3;

#[test]
fn results_of_a_short_run_without_violations() {
    let campaign = Campaign {
        place: Place::Simulation,
        seed: 1,
        first: 0,
        sequences: SEQUENCES,
        limit: Duration::MAX,
        steps: STEPS,
        threads: 2,
    };
    let result = run_campaign(campaign);
    if let Some(failing) = result.failing {
        panic!("{}", shortened(failing));
    }
    let coverage = result.coverage;
    println!("{} responses, {} faults, 0 violations", coverage.responses(), result.faults);
    let few: Vec<&String> =
        OPERATIONS.keys().filter(|operation| coverage.successes(operation) < MIN_SUCCESSES).collect();
    assert_eq!(few, ["receiveWebhook"], "operations with too few successful responses");
}

#[test]
fn results_of_a_short_run_over_the_binaries() {
    let settings = Settings { place: Place::Binaries, seed: 1, number: 3, steps: 120 };
    let sequence = run(settings);
    println!("{} responses, {} kills", sequence.coverage.responses(), sequence.faults);
    assert!(sequence.violations.is_empty(), "{sequence}");
}

#[test]
fn every_operation_has_a_generator() {
    let generated: BTreeSet<String> = entries().iter().map(|(id, ..)| (*id).to_owned()).collect();
    assert_eq!(generated, OPERATIONS.keys().cloned().collect());
}

#[test]
fn same_seed_gives_the_same_steps_and_responses() {
    let repeated = || {
        let sequence = run(Settings { place: Place::Simulation, seed: 7, number: 3, steps: 120 });
        let steps: Vec<String> = sequence.steps.iter().map(|(_, step)| step.to_string()).collect();
        (steps, sequence.coverage, sequence.faults)
    };
    assert_eq!(repeated(), repeated());
}

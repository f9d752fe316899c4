//! Two thousand schedules in two tests that run concurrently.

use std::ops::Range;

use simulation::schedule::{run, run_up_to};
use simulation::summary::{Summary, run_on};

/// Runs these seeds; the first failing schedule is shortened and printed.
fn assert_pass(seeds: Range<u64>) -> Summary {
    let summary = run_on(1, seeds, None);
    if let Some(seed) = summary.failing.keys().next() {
        panic!("{}", run(*seed, None).shortened(None));
    }
    summary
}

/// Asserts that each final status and enough faults occurred.
fn assert_is_representative(summary: &Summary) {
    for end in ["confirmed", "shipped", "delivered", "rejected", "cancelled", "expired", "refunded"] {
        assert!(summary.final_statuses.get(end).is_some_and(|count| *count >= 5), "{end}: {summary}");
    }
    assert!(summary.faults > summary.schedules && summary.crashes > summary.schedules, "{summary}");
}

#[test]
fn results_of_a_thousand_schedules() {
    let summary = assert_pass(1..1_001);
    println!("simulation: {summary}");
    assert_is_representative(&summary);
}

#[test]
fn results_of_another_thousand_schedules() {
    let summary = assert_pass(1_001..2_001);
    println!("simulation: {summary}");
    assert_is_representative(&summary);
}

#[test]
fn without_decisions_orders_end_without_faults() {
    for seed in 1..20 {
        let schedule = run_up_to(seed, None, 0);
        assert!(schedule.violations.is_empty(), "{schedule}");
        assert_eq!((schedule.decisions, schedule.faults, schedule.crashes), (0, 0, 0));
        assert!(!schedule.final_statuses.is_empty(), "{schedule}");
        assert!(
            schedule.final_statuses.iter().all(|end| end != "pending" && end != "awaiting_payment"),
            "{schedule}"
        );
    }
}

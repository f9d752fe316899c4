//! Two thousand schedules, half of them in each of two tests, which run at once.

use std::ops::Range;

use simulation::schedule::{run, run_up_to};
use simulation::summary::{Figures, run_on};

/// Runs these seeds; where one fails, the first is shown with as few decisions as it takes.
fn hold(seeds: Range<u64>) -> Figures {
    let figures = run_on(1, seeds, None);
    if let Some(seed) = figures.failing.keys().next() {
        panic!("{}", run(*seed, None).shortened(None));
    }
    figures
}

/// Everything that can become of an order became of some.
fn is_telling(figures: &Figures) {
    for end in ["confirmed", "shipped", "delivered", "rejected", "cancelled", "expired", "refunded"] {
        assert!(figures.ends.get(end).is_some_and(|count| *count >= 5), "{end}: {figures}");
    }
    assert!(figures.faults > figures.schedules && figures.crashes > figures.schedules, "{figures}");
}

#[test]
fn figures_of_a_thousand_schedules() {
    let figures = hold(1..1_001);
    println!("simulation: {figures}");
    is_telling(&figures);
}

#[test]
fn figures_of_a_thousand_schedules_more() {
    let figures = hold(1_001..2_001);
    println!("simulation: {figures}");
    is_telling(&figures);
}

#[test]
fn without_any_decision_nothing_goes_wrong_and_orders_come_to_their_ends() {
    for seed in 1..20 {
        let schedule = run_up_to(seed, None, 0);
        assert!(schedule.violations.is_empty(), "{schedule}");
        assert_eq!((schedule.decisions, schedule.faults, schedule.crashes), (0, 0, 0));
        assert!(!schedule.ends.is_empty(), "{schedule}");
        assert!(schedule.ends.iter().all(|end| end != "pending" && end != "awaiting_payment"), "{schedule}");
    }
}

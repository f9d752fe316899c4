//! Bugs planted on purpose, each noticed by the invariant that it breaks.

use simulation::schedule::run;
use simulation::seeded_bug::SeededBug;

/// Within how many schedules a bug must be noticed.
const SCHEDULES: u64 = 300;

/// After how many schedules the bug shows one of its symptoms.
fn noticed_after(plant: SeededBug) -> Option<u64> {
    let shows = |violation: &String| plant.symptoms().iter().any(|symptom| violation.contains(symptom));
    (1..=SCHEDULES).find(|seed| run(*seed, Some(plant)).violations.iter().any(shows))
}

macro_rules! noticed {
    ($($test:ident: $plant:ident;)*) => {
        $(#[test]
        fn $test() {
            let after = noticed_after(SeededBug::$plant);
            println!("planted: {}: noticed after {after:?} schedules", SeededBug::$plant.name());
            assert!(after.is_some(), "not noticed within {SCHEDULES} schedules");
        })*

        #[test]
        fn every_bug_has_its_test() {
            assert_eq!([$(SeededBug::$plant),*], SeededBug::ALL);
        }
    };
}

noticed! {
    a_request_without_its_receipt_is_noticed: NoReceipt;
    an_order_written_without_regard_to_its_version_is_noticed: NoVersion;
    a_charge_under_a_key_of_its_own_each_time_is_noticed: FreshChargeKey;
    a_refund_under_a_key_of_its_own_each_time_is_noticed: FreshRefundKey;
    pieces_that_are_not_given_back_are_noticed: NothingReleased;
    stock_that_moves_whatever_there_is_of_it_is_noticed: Oversell;
    a_charge_that_is_guessed_to_be_made_is_noticed: GuessCaptured;
    an_event_that_is_not_stored_with_its_cause_is_noticed: LostEvent;
    a_failure_to_send_that_is_ignored_is_noticed: IgnoredFailure;
}

//! Seeded bugs, each of which the simulation must detect.

use clap::ValueEnum as _;
use simulation::schedule::run;
use simulation::seeded_bug::SeededBug;

/// Number of schedules within which a bug must be detected.
const SCHEDULES: u64 = 300;

/// Number of schedules until the bug shows one of its symptoms.
fn detected_after(bug: SeededBug) -> Option<u64> {
    let shows = |violation: &String| bug.symptoms().iter().any(|symptom| violation.contains(symptom));
    (1..=SCHEDULES).find(|seed| run(*seed, Some(bug)).violations.iter().any(shows))
}

macro_rules! seeded_bugs {
    ($($test:ident: $bug:ident;)*) => {
        $(#[test]
        fn $test() {
            let after = detected_after(SeededBug::$bug);
            println!("seeded bug {:?}: detected after {after:?} schedules", SeededBug::$bug);
            assert!(after.is_some(), "not detected within {SCHEDULES} schedules");
        })*

        #[test]
        fn every_bug_has_its_test() {
            assert_eq!([$(SeededBug::$bug),*], SeededBug::value_variants());
        }
    };
}

seeded_bugs! {
    request_without_idempotency_record_is_detected: NoIdempotencyRecord;
    order_written_without_version_check_is_detected: NoVersion;
    charge_retry_with_a_new_key_is_detected: FreshChargeKey;
    refund_retry_with_a_new_key_is_detected: FreshRefundKey;
    unreleased_stock_is_detected: NothingReleased;
    overselling_is_detected: Oversell;
    charge_assumed_to_be_captured_is_detected: GuessCaptured;
    event_not_stored_with_its_command_is_detected: LostEvent;
    published_event_that_is_not_logged_is_detected: UnloggedEvent;
    unsubscribed_event_that_is_not_logged_is_detected: UnloggedProgress;
    ignored_send_failure_is_detected: IgnoredFailure;
}

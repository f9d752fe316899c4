//! Some of the seeded bugs; the command `fault-tests` runs all of them.

use fault_tests::run::Settings;
use fault_tests::seeded_bugs::{self, Detection};
use fault_tests::{faults, report};
use test_support::seeded_bugs::by_name;

/// Runs seeded bugs; returns the report, and true if all were detected.
async fn run_seeded_bugs(names: &[&str]) -> (String, bool) {
    let settings = Settings { seed: 1, bins: None };
    let mut detections = Vec::new();
    for name in names {
        detections.push(Box::pin(seeded_bugs::run(by_name(name).unwrap(), &settings)).await);
    }
    (report::detected(&detections), detections.iter().all(Detection::is_detected))
}

/// Declares tests, each with some of the seeded bugs.
macro_rules! bugs {
    ($($name:ident: [$($bug:literal),+],)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let (report, all_detected) = Box::pin(run_seeded_bugs(&[$($bug),+])).await;
                println!("{report}");
                assert!(all_detected, "{report}");
            }
        )+
    };
}

bugs! {
    bugs_in_stock_are_detected: ["stock-returned-twice", "stock-below-zero"],
    bugs_in_outbox_and_projections_are_detected: ["version-skipped", "stale-term-entry-kept"],
    bugs_in_the_event_log_are_detected: ["event-not-logged", "unsubscribed-event-not-logged"],
    bugs_in_responses_and_limits_are_detected: ["total-off-by-one", "rate-limit-ignored"],
    bugs_in_races_are_detected: ["sku-not-claimed", "token-reuse-allowed"],
    bugs_in_the_ledger_are_detected: ["entry-not-recorded"],
}

#[test]
fn every_seeded_bug_names_an_existing_fault_test() {
    for bug in test_support::seeded_bugs::all() {
        assert!(
            faults::all().any(|fault| fault.name == bug.detected_by),
            "{}: fault test {} not found",
            bug.name,
            bug.detected_by
        );
    }
}

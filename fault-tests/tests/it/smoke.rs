//! Short form of every fault test.

use std::collections::BTreeSet;

use fault_tests::faults;
use fault_tests::plan::{RunLength, batches};
use fault_tests::report;
use fault_tests::run;
use fault_tests::run::Settings;

/// Runs the short form of fault tests; returns the table, and the violations.
async fn run_short_form(names: &[&str]) -> (String, Vec<String>) {
    let settings = Settings { seed: 1, bins: None };
    let faults: Vec<_> = faults::all().filter(|fault| names.contains(&fault.name)).collect();
    assert_eq!(faults.len(), names.len());
    let planned = faults.iter().flat_map(|fault| batches(fault, RunLength::Short)).collect();
    let mut done = Vec::new();
    Box::pin(run::batches(planned, &settings, 1, |batch| done.push(batch))).await;
    let mut found = Vec::new();
    for batch in &done {
        if batch.made == 0 {
            found.push(format!("the fault `{}` never occurred", batch.fault));
        }
        let repeat = |finding| settings.repeat_command(batch, finding);
        found
            .extend(batch.findings.iter().map(|one| format!("{}\n  repeat: {}", one.violation, repeat(one))));
    }
    (report::table(&faults, &done), found)
}

/// Declares tests, each with some of the fault tests.
macro_rules! short_forms {
    ($($name:ident: [$($fault:literal),+],)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let (table, found) = Box::pin(run_short_form(&[$($fault),+])).await;
                println!("{table}");
                assert!(found.is_empty(), "{}", found.join("\n"));
            }
        )+

        #[test]
        fn every_fault_test_has_a_short_form() {
            let tested: BTreeSet<&str> = [$($($fault),+),+].into();
            assert_eq!(tested, faults::all().map(|fault| fault.name).collect());
        }
    };
}

short_forms! {
    results_without_a_fault: ["trade"],
    results_of_simulated_schedules: ["schedules"],
    results_of_failing_saga_calls: ["calls"],
    results_of_random_kills: ["kills"],
    results_of_duplicate_messages: ["duplicates"],
    results_of_reordered_events: ["reordered"],
    results_of_malformed_messages_and_redrives: ["poison", "redrives"],
    results_of_throttling: ["throttled"],
    results_of_relay_outage_and_clock_skew: ["relay-down", "clock-skew"],
    results_of_races: ["races"],
    results_of_gateway_outage: ["outages"],
    results_of_gateway_failures: ["gateway-fails", "gateway-forgets", "gateway-lost", "gateway-declines"],
    results_of_slow_gateway: ["gateway-slow", "gateway-late"],
    results_of_refunds_and_webhooks: ["gateway-refund-lost", "webhooks-twice", "webhooks-late"],
    results_of_rate_limits_and_unavailable_table: ["limits", "stores"],
}

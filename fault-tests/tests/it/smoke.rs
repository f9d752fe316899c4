//! The short form of every proof.

use std::collections::BTreeSet;

use fault_tests::fault;
use fault_tests::plan::{RunLength, batches};
use fault_tests::report;
use fault_tests::run;
use fault_tests::run::Settings;

/// Proves it in the short form; gives the table, and what was found.
async fn proven(names: &[&str]) -> (String, Vec<String>) {
    let settings = Settings { seed: 1, bins: None };
    let listed: Vec<_> = fault::all().filter(|proof| names.contains(&proof.name)).collect();
    assert_eq!(listed.len(), names.len());
    let planned = listed.iter().flat_map(|proof| batches(proof, RunLength::Short)).collect();
    let mut done = Vec::new();
    Box::pin(run::batches(planned, &settings, 1, |batch| done.push(batch))).await;
    let mut found = Vec::new();
    for batch in &done {
        if batch.made == 0 {
            found.push(format!("no trial of {} was made", batch.fault));
        }
        let again = |finding| settings.repeats(batch, finding);
        found.extend(batch.findings.iter().map(|one| format!("{}\n  again: {}", one.violation, again(one))));
    }
    (report::table(&listed, &done), found)
}

/// Declares a test for some of the proofs, and which they are.
macro_rules! short_forms {
    ($($name:ident: [$($proof:literal),+],)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let (table, found) = Box::pin(proven(&[$($proof),+])).await;
                println!("{table}");
                assert!(found.is_empty(), "{}", found.join("\n"));
            }
        )+

        #[test]
        fn every_proof_has_its_short_form() {
            let here: BTreeSet<&str> = [$($($proof),+),+].into();
            assert_eq!(here, fault::all().map(|proof| proof.name).collect());
        }
    };
}

short_forms! {
    figures_of_trade_without_a_fault: ["trade"],
    figures_of_schedules: ["schedules"],
    figures_of_calls_that_fail: ["calls"],
    figures_of_kills_at_random: ["kills"],
    figures_of_duplicates: ["duplicates"],
    figures_of_events_that_overtake_each_other: ["reordered"],
    figures_of_poison_and_redrives: ["poison", "redrives"],
    figures_of_a_table_without_capacity: ["throttled"],
    figures_of_a_relay_that_is_down_and_clocks_that_differ: ["relay-down", "clock-skew"],
    figures_of_races: ["races"],
    figures_of_a_gateway_that_is_dead: ["outages"],
    figures_of_a_gateway_that_fails: ["gateway-fails", "gateway-forgets", "gateway-lost", "gateway-declines"],
    figures_of_a_gateway_that_is_slow: ["gateway-slow", "gateway-late"],
    figures_of_refunds_and_webhooks: ["gateway-refund-lost", "webhooks-twice", "webhooks-late"],
    figures_of_limits: ["limits", "stores"],
}

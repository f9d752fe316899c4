//! Some of the planted bugs; `proofs` plants all of them.

use fault_tests::run::Settings;
use fault_tests::seeded_bugs::{self, Detection};
use fault_tests::{fault, report};
use test_support::seeded_bugs::named;

/// Plants bugs; says how many of them were caught, and which were missed.
async fn caught(names: &[&str]) -> (String, bool) {
    let settings = Settings { seed: 1, bins: None };
    let mut verdicts = Vec::new();
    for name in names {
        verdicts.push(Box::pin(seeded_bugs::run(named(name).unwrap(), &settings)).await);
    }
    (report::caught(&verdicts), verdicts.iter().all(Detection::is_caught))
}

/// Declares tests that plant some of the bugs.
macro_rules! bugs {
    ($($name:ident: [$($bug:literal),+],)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let (said, all) = Box::pin(caught(&[$($bug),+])).await;
                println!("{said}");
                assert!(all, "{said}");
            }
        )+
    };
}

bugs! {
    bugs_in_the_stock_are_noticed: ["stock-given-back-twice", "stock-below-zero"],
    bugs_in_the_outbox_and_behind_it_are_noticed: ["version-skipped", "posting-left-behind"],
    bugs_in_what_clients_are_told_are_noticed: ["total-off-by-one", "limit-not-kept"],
    bugs_in_races_are_noticed: ["sku-not-claimed", "reuse-forgiven"],
}

#[test]
fn every_bug_is_shown_by_a_proof_that_there_is() {
    for bug in test_support::seeded_bugs::all() {
        assert!(fault::all().any(|proof| proof.name == bug.shown_by), "{}: no {}", bug.name, bug.shown_by);
    }
}

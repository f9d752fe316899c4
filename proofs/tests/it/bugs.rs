//! Some of the planted bugs; `proofs` plants all of them.

use harness::plants;
use proofs::planted;
use proofs::run::Settings;
use proofs::{fault, report};

/// Plants bugs, and sees each of them noticed.
async fn are_noticed(names: &[&str]) {
    let settings = Settings { seed: 1, bins: None };
    let mut verdicts = Vec::new();
    for name in names {
        let verdict = Box::pin(planted::run(plants::named(name).unwrap(), &settings)).await;
        println!("planted: {}: {} violations", verdict.planted.says, verdict.findings.len());
        verdicts.push(verdict);
    }
    println!("{}", report::caught(&verdicts));
    assert!(verdicts.iter().all(planted::Verdict::is_caught), "a bug was missed");
}

#[tokio::test(flavor = "multi_thread")]
async fn bugs_in_the_stock_are_noticed() {
    are_noticed(&["stock-given-back-twice", "stock-below-zero"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bugs_in_the_outbox_and_behind_it_are_noticed() {
    are_noticed(&["version-skipped", "posting-left-behind"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bugs_in_what_clients_are_told_are_noticed() {
    are_noticed(&["total-off-by-one", "limit-not-kept"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bugs_in_races_are_noticed() {
    are_noticed(&["sku-not-claimed", "reuse-forgiven"]).await;
}

#[test]
fn every_bug_is_shown_by_a_proof_that_there_is() {
    for bug in plants::all() {
        assert!(fault::all().any(|proof| proof.name == bug.shown_by), "{}: no {}", bug.name, bug.shown_by);
    }
}

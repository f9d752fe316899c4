//! The record of what is done, and the report in a document.

use std::fs;
use std::path::PathBuf;

use fault_tests::fault;
use fault_tests::plan::{RunLength, batches};
use fault_tests::report;
use fault_tests::run_log::{CompletedBatch, Finding, Record};
use test_support::audit::{Invariant, Violation};

fn scratch(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("proofs-{name}-{}", std::process::id()))
}

fn done(first: u64, end: u64, findings: Vec<Finding>) -> CompletedBatch {
    CompletedBatch {
        fault: "trade".to_owned(),
        first,
        end,
        made: end - first,
        findings,
        milliseconds: 61_000,
    }
}

fn finding() -> Finding {
    let violation = Violation::new(Invariant::Stock, "prd_1", "5 pieces", "6 pieces");
    Finding { trial: Some(3), violation }
}

#[test]
fn what_is_done_is_known_after_an_interruption_and_a_line_that_was_cut_off_is_not() {
    let record = Record::at(scratch("record"));
    record.restart().unwrap();
    record.add(&done(0, 48, vec![finding()])).unwrap();
    record.add(&done(48, 96, Vec::new())).unwrap();
    let text = fs::read_to_string(record.path()).unwrap();
    fs::write(record.path(), &text[..text.len() - 20]).unwrap();
    let known = record.read().unwrap();
    assert_eq!(known, [done(0, 48, vec![finding()])]);
    let trade = fault::all().find(|proof| proof.name == "trade").unwrap();
    let planned: Vec<_> = batches(&trade, RunLength::Long).collect();
    assert!(planned[0].is_in(&known) && !planned[1].is_in(&known));
    fs::remove_file(record.path()).unwrap();
}

#[test]
fn the_report_counts_trials_and_violations_and_stands_between_its_marks() {
    let proofs: Vec<_> = fault::all().collect();
    let table = report::table(&proofs, &[done(0, 48, vec![finding()]), done(48, 96, Vec::new())]);
    assert!(table.contains("| 96 | 1 | 2 min 2 s |\n| all | | 96 | 1 | 2 min 2 s |"), "{table}");
    let document = scratch("document");
    fs::write(&document, "before\n<!-- proofs: begin -->\nold\n<!-- proofs: end -->\nafter\n").unwrap();
    report::write(&document, "new\n").unwrap();
    let text = fs::read_to_string(&document).unwrap();
    assert_eq!(text, "before\n<!-- proofs: begin -->\nnew\n<!-- proofs: end -->\nafter\n");
    fs::write(&document, "nothing").unwrap();
    assert!(report::write(&document, "new").is_err());
    fs::remove_file(document).unwrap();
}

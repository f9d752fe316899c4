//! Tests of the run log, and of the report in a document.

use std::fs;
use std::path::PathBuf;

use fault_tests::faults;
use fault_tests::plan::{RunLength, batches};
use fault_tests::report;
use fault_tests::run_log::{CompletedBatch, Finding, RunLog};
use test_support::audit::{Invariant, Violation};

fn scratch(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("fault-tests-{name}-{}", std::process::id()))
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
    let violation = Violation::new(Invariant::Stock, "prd_1", "5 units", "6 units");
    Finding { trial: Some(3), violation }
}

#[test]
fn run_log_is_read_without_its_incomplete_last_line() {
    let run_log = RunLog::at(scratch("run-log"));
    run_log.restart().unwrap();
    run_log.add(&done(0, 48, vec![finding()])).unwrap();
    run_log.add(&done(48, 96, Vec::new())).unwrap();
    let text = fs::read_to_string(run_log.path()).unwrap();
    fs::write(run_log.path(), &text[..text.len() - 20]).unwrap();
    let known = run_log.read().unwrap();
    assert_eq!(known, [done(0, 48, vec![finding()])]);
    let trade_fault = faults::all().find(|fault| fault.name == "trade").unwrap();
    let planned: Vec<_> = batches(&trade_fault, RunLength::Long).collect();
    assert!(planned[0].is_in(&known) && !planned[1].is_in(&known));
    fs::remove_file(run_log.path()).unwrap();
}

#[test]
fn report_sums_up_trials_and_is_written_between_its_markers() {
    let faults: Vec<_> = faults::all().collect();
    let table = report::table(&faults, &[done(0, 48, vec![finding()]), done(48, 96, Vec::new())]);
    assert!(table.contains("| 96 | 1 | 2 min 2 s |\n| all | | 96 | 1 | 2 min 2 s |"), "{table}");
    let document = scratch("document");
    fs::write(&document, "before\n<!-- fault-tests: begin -->\nold\n<!-- fault-tests: end -->\nafter\n")
        .unwrap();
    report::write(&document, "new\n").unwrap();
    let text = fs::read_to_string(&document).unwrap();
    assert_eq!(text, "before\n<!-- fault-tests: begin -->\nnew\n<!-- fault-tests: end -->\nafter\n");
    fs::write(&document, "nothing").unwrap();
    assert!(report::write(&document, "new").is_err());
    fs::remove_file(document).unwrap();
}

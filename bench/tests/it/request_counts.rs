//! Tests that the functions take exactly the requests and units that `docs/request-costs.md` documents.

use std::time::Duration;

use bench::cli::Cli;
use bench::fixture::Fixture;
use bench::markdown_section::MarkedSection;
use bench::order_lifecycle::OrderLifecycle;
use bench::run::{NAIVE_COMPARISON, OPERATIONS, ORDER_LIFECYCLE_SECTION};
use bench::{naive_comparison, operations};
use clap::Parser;

fn documented(section: MarkedSection) -> String {
    section.read().unwrap()
}

/// Rows of `table` that are not in `other`.
fn additional_rows(table: &str, other: &str) -> Vec<String> {
    table.lines().filter(|row| !other.lines().any(|known| known == *row)).map(str::to_owned).collect()
}

/// Number of times that the requests are counted. On a busy machine, messages of a batch that usually share a
/// read can take a read of their own.
const COUNTS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_takes_the_documented_requests_and_units() {
    let documented = documented(OPERATIONS);
    let (mut measured, mut missing) = (String::new(), documented.clone());
    for _ in 0..COUNTS {
        measured = Box::pin(operations::count(&local::stack::default_bin_dir())).await.table();
        missing = additional_rows(&missing, &measured).join("\n");
        if missing.is_empty() {
            break;
        }
    }
    let new = additional_rows(&measured, &documented).join("\n");
    assert!(
        missing.is_empty() && measured.lines().count() == documented.lines().count(),
        "measured\n{new}\ndocumented\n{missing}\nupdate the document with `bench counts --write`"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn usual_approach_takes_the_documented_requests_and_units() {
    let options = Cli::parse_from(["bench"]).options;
    let fixture = Box::pin(Fixture::with_paused_streams(&options.functions())).await;
    let measured = naive_comparison::table(&fixture, &options).await.unwrap();
    assert_eq!(measured.trim(), documented(NAIVE_COMPARISON));
}

/// Requests that a run can take in addition to the documented ones: the commits of the e-mails to the buyer
/// and to the seller are combined only if SES accepts both e-mails at the same time.
const SEPARATE_COMMITS: u64 = 2;

#[tokio::test(flavor = "multi_thread")]
async fn order_lifecycle_takes_at_most_the_documented_requests() {
    let lifecycle = Box::pin(OrderLifecycle::measure(&local::stack::default_bin_dir(), Duration::ZERO)).await;
    let documented = documented(ORDER_LIFECYCLE_SECTION);
    let sum = documented.lines().find(|row| row.starts_with("| all |")).unwrap();
    let mut cells = sum.split('|').skip(2).map(|cell| cell.trim().parse::<u64>());
    let (before, after) = (cells.next().unwrap().unwrap(), cells.next().unwrap().unwrap());
    let measured = lifecycle.requests();
    // Events that arrive close together share a batch, which takes fewer requests.
    assert!(
        measured.0 + measured.1 <= before + after + SEPARATE_COMMITS,
        "{measured:?}: {}",
        lifecycle.table()
    );
}

//! The requests and units of `docs/request-costs.md` are those that the functions take, one by one.

use std::time::Duration;

use bench::cli::Cli;
use bench::fixture::Fixture;
use bench::markdown_section::MarkedSection;
use bench::order_lifecycle::OrderLifecycle;
use bench::run::{OPERATIONS, ORDER_LIFECYCLE_SECTION, USUAL};
use bench::{naive_comparison, operations};
use clap::Parser;

/// What a document says.
fn documented(place: MarkedSection) -> String {
    place.read().unwrap()
}

/// The rows of a table that are not in another: what changed.
fn rows_beyond(table: &str, other: &str) -> Vec<String> {
    table.lines().filter(|row| !other.lines().any(|known| known == *row)).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_takes_the_requests_and_units_that_are_documented() {
    let book = Box::pin(operations::count(&local::stack::default_bin_dir())).await;
    let (measured, documented) = (book.table(), documented(OPERATIONS));
    let (new, gone) = (rows_beyond(&measured, &documented), rows_beyond(&documented, &measured));
    assert!(
        new.is_empty() && gone.is_empty(),
        "measured {new:#?}, documented {gone:#?}: `bench counts --write`"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_usual_way_takes_the_requests_and_units_that_are_documented() {
    let how = Cli::parse_from(["bench"]).how;
    let stage = Box::pin(Fixture::with_paused_streams(&how.functions())).await;
    let measured = naive_comparison::table(&stage, &how).await.unwrap();
    assert_eq!(measured.trim(), documented(USUAL));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_takes_the_requests_that_are_documented_all_over_its_way() {
    let journey = Box::pin(OrderLifecycle::watch(&local::stack::default_bin_dir(), Duration::ZERO)).await;
    let documented = documented(ORDER_LIFECYCLE_SECTION);
    let sum = documented.lines().find(|row| row.starts_with("| all |")).unwrap();
    let mut cells = sum.split('|').skip(2).map(|cell| cell.trim().parse::<u64>());
    let (before, after) = (cells.next().unwrap().unwrap(), cells.next().unwrap().unwrap());
    let measured = journey.requests();
    // Where events come so close that they are relayed or counted together, it takes fewer.
    assert!(measured.0 + measured.1 <= before + after, "{measured:?}: {}", journey.table());
}

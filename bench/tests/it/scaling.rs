//! A small table and one that is not as small: what `bench growth` measures on large ones works, and stays the same.

use bench::cli::Cli;
use bench::scaling;
use clap::Parser;

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_takes_the_same_requests_and_units_on_a_table_of_five_times_the_size() {
    let how = Cli::parse_from(["bench", "--warm", "10"]).how;
    let growth = Box::pin(scaling::measure(&how, &[1_000, 5_000], &[20, 200])).await.unwrap();
    let table = growth.table();
    let verdicts = growth.verdicts();
    let even = verdicts.iter().find(|verdict| verdict.target.starts_with("requests and units")).unwrap();
    assert!(even.met, "{even:?}\n{table}");
    assert_eq!(growth.queues[1].handled, 200, "{table}");
    assert_eq!(growth.queues[1].requests, 10 * growth.queues[0].requests, "{table}");
}

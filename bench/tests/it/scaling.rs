//! Short form of `bench growth` on two small tables.

use bench::cli::Cli;
use bench::scaling;
use clap::Parser;

#[tokio::test(flavor = "multi_thread")]
async fn requests_and_units_do_not_grow_with_the_table() {
    let options = Cli::parse_from(["bench", "--warm", "10"]).options;
    let scaling = Box::pin(scaling::measure(&options, &[2_000, 5_000], &[20, 200])).await.unwrap();
    let table = scaling.table();
    let target_results = scaling.target_results();
    let constant =
        target_results.iter().find(|result| result.target.starts_with("requests and units")).unwrap();
    assert!(constant.met, "{constant:?}\n{table}");
    assert_eq!(scaling.queues[1].handled, 200, "{table}");
    assert_eq!(scaling.queues[1].requests, 10 * scaling.queues[0].requests, "{table}");
}

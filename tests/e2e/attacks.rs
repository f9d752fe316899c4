//! Attacks and invalid requests: tables of requests with their exact expected responses, sent to one stack.

mod accounts;
mod authorization;
mod bodies;
mod fields;
mod fixture;
mod injection;
mod logs;
mod perimeter;
mod preconditions;
mod report;
pub(crate) mod routes;
mod tokens;

pub(crate) use fixture::{Fixture, PASSWORD};
pub(crate) use report::Report;

#[tokio::test(flavor = "multi_thread")]
async fn results_of_attacks_and_invalid_inputs() {
    let fixture = Fixture::open().await;
    let mut report = Report::default();
    tokens::run(&fixture, &mut report).await;
    accounts::run(&fixture, &mut report).await;
    authorization::run(&fixture, &mut report).await;
    routes::run(&fixture, &mut report).await;
    fields::run(&fixture, &mut report).await;
    injection::run(&fixture, &mut report).await;
    bodies::run(&fixture, &mut report).await;
    preconditions::run(&fixture, &mut report).await;
    perimeter::run(&fixture, &mut report).await;
    // Last, because it searches the logs of all other groups.
    logs::run(&fixture, &mut report).await;
    println!("{report}");
    assert_eq!(report.failures(), Vec::<String>::new());
}

//! What attackers and careless clients send, and what exactly they are answered: tables of requests, sent through the
//! gateway to the real functions of one stack.

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

pub(crate) use fixture::Fixture;
pub(crate) use report::Report;

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_attacks_and_bad_inputs_that_are_answered_exactly() {
    let world = Fixture::open().await;
    let mut report = Report::default();
    tokens::run(&world, &mut report).await;
    accounts::run(&world, &mut report).await;
    authorization::run(&world, &mut report).await;
    routes::run(&world, &mut report).await;
    fields::run(&world, &mut report).await;
    injection::run(&world, &mut report).await;
    bodies::run(&world, &mut report).await;
    preconditions::run(&world, &mut report).await;
    perimeter::run(&world, &mut report).await;
    // Last: it looks at what all the others have left.
    logs::run(&world, &mut report).await;
    println!("{report}");
    assert_eq!(report.failures(), Vec::<String>::new());
}

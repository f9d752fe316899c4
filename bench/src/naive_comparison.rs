//! What the same work takes where it is done the usual way: an idempotency key in two requests of its own, and each item of a
//! batch in a request of its own.

use std::fmt::Write as _;

use crate::cli::Options;
use crate::fixture::Fixture;
use crate::implementations::Implementation;
use crate::pricing::Prices;
use crate::request_counts::Cost;
use crate::run::CommandError;
use crate::runner::{Runner, SimulatedLatency};
use crate::workloads::{COUNT_TEN, GET_ORDER, PLACE_ORDER, REPLAY_ORDER, Workload};

/// What is compared.
const COMPARED: [Workload; 4] = [GET_ORDER, PLACE_ORDER, REPLAY_ORDER, COUNT_TEN];
/// Invocations of each: what the limiter asks for now and then is not asked for by all of them.
const TRIES: usize = 3;

/// Carries out each workload in both ways, and says what it takes, as a table in Markdown.
///
/// # Errors
/// [`CommandError`] if there are no prices.
///
/// # Panics
/// If somebody does not answer as it should.
pub async fn table(stage: &Fixture, how: &Options) -> Result<String, CommandError> {
    let prices = Prices::read()?;
    let theatre = Runner::open(stage, how, SimulatedLatency::NONE)?;
    let mut table = "| work | way | requests | read units | write units | dollars for a million |\n\
                     |---|---|---|---:|---:|---:|\n"
        .to_owned();
    for workload in &COMPARED {
        for (way, subject) in [("ours", Implementation::Ours), ("the usual", Implementation::Best)] {
            let cost = least(workload, subject, (stage, &theatre)).await;
            let (requests, dollars) = (cost.in_words(), prices.of(&cost));
            let (work, read, written) = (workload.says, cost.read, cost.written);
            let _ = writeln!(table, "| {work} | {way} | {requests} | {read} | {written} | {dollars} |");
        }
    }
    theatre.close().await;
    Ok(table)
}

/// What the cheapest of some warm invocations takes.
async fn least(workload: &Workload, subject: Implementation, (stage, theatre): (&Fixture, &Runner)) -> Cost {
    let (_, function) =
        *workload.done_by.iter().find(|(by, _)| *by == subject).expect("both ways have a function");
    let mut costs = Vec::new();
    for event in workload.events(stage, TRIES).await {
        let taken = theatre.invoke((subject, function), &event).await;
        assert!((workload.holds)(&taken.answer), "{}: {}", workload.name, taken.answer);
        costs.push(taken.cost);
    }
    let units = |cost: &Cost| (cost.read + cost.written).in_halves();
    costs.into_iter().min_by_key(|cost| (cost.all(), units(cost))).expect("there were invocations")
}

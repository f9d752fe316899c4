//! Comparison of requests and units with the usual approach: separate requests for an idempotency key, and
//! for each message of a batch.

use std::fmt::Write as _;

use crate::cli::Options;
use crate::error::CommandError;
use crate::fixture::Fixture;
use crate::implementations::Implementation;
use crate::pricing::Prices;
use crate::request_counts::Cost;
use crate::runner::{Runner, SimulatedLatency};
use crate::workloads::{COUNT_TEN, GET_ORDER, PLACE_ORDER, REPLAY_ORDER, Workload};

/// Workloads that are compared.
const COMPARED: [Workload; 4] = [GET_ORDER, PLACE_ORDER, REPLAY_ORDER, COUNT_TEN];
/// Number of invocations of a workload: enough that the rate limiter has taken a grant in advance for one of
/// them.
const INVOCATIONS: usize = 8;

/// Runs each workload with both implementations, and returns a Markdown table of their requests, units and
/// price.
///
/// # Errors
/// [`CommandError`] if the prices cannot be read.
///
/// # Panics
/// If a response is not the expected one.
pub async fn table(fixture: &Fixture, options: &Options) -> Result<String, CommandError> {
    let prices = Prices::read()?;
    let runner = Runner::open(fixture, options, SimulatedLatency::NONE)?;
    let mut table = "| workload | implementation | requests | read units | write units | USD per million |\n\
                     |---|---|---|---:|---:|---:|\n"
        .to_owned();
    for workload in &COMPARED {
        for (label, implementation) in
            [("Agora", Implementation::Ours), ("usual approach", Implementation::HandTuned)]
        {
            let cost = cheapest(workload, implementation, fixture, &runner).await;
            let (requests, dollars) = (cost.in_words(), prices.of(&cost));
            let (description, read, written) = (workload.description, cost.read, cost.written);
            let _ =
                writeln!(table, "| {description} | {label} | {requests} | {read} | {written} | {dollars} |");
        }
    }
    runner.close().await;
    Ok(table)
}

/// Cost of the cheapest of several warm invocations.
async fn cheapest(
    workload: &Workload,
    implementation: Implementation,
    fixture: &Fixture,
    runner: &Runner,
) -> Cost {
    let (_, function) = *workload
        .binaries
        .iter()
        .find(|(by, _)| *by == implementation)
        .expect("both implementations have a function");
    let mut costs = Vec::new();
    for event in workload.events(fixture, INVOCATIONS).await {
        let measurement = runner.invoke((implementation, function), &event).await;
        assert!((workload.is_expected)(&measurement.response), "{}: {}", workload.name, measurement.response);
        costs.push(measurement.cost);
    }
    let units = |cost: &Cost| (cost.read + cost.written).as_half_units();
    costs.into_iter().min_by_key(|cost| (cost.all(), units(cost))).expect("there was at least one invocation")
}

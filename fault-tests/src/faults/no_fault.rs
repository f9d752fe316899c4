//! Control run without a fault: the auditor must find no violation. It also detects most seeded bugs.

use futures::FutureExt;
use futures::future::BoxFuture;
use http::Method;
use serde_json::json;
use test_support::audit::Violation;

use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::{ClientRequest, Fixture};
use crate::scenario::Scenario;

pub(crate) struct NoFault;

/// Number of concurrent orders.
const CONCURRENCY: usize = 8;

impl Fault for NoFault {
    fn name(&self) -> &'static str {
        "trade"
    }

    fn description(&self) -> &'static str {
        "an order in one of eight scenarios, and a renamed product; no fault"
    }

    fn trial_counts(&self) -> TrialCounts {
        TrialCounts { long: 400, short: 16, per_stack: 48 }
    }

    fn run<'a>(&'a self, fixture: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        fixture.run_trials(trials, CONCURRENCY, |trial| one(fixture, trial.number)).boxed()
    }
}

async fn one(fixture: &Fixture, number: u64) -> Result<bool, Violation> {
    let scenario = Scenario::of(number);
    let stock = if scenario == Scenario::OutOfStock { 1 } else { 5 };
    let product = fixture.product(number, stock).await?;
    let placed = scenario.place_order_of(fixture, number, &product).await?;
    rename(fixture, &product, number).await?;
    scenario.run_after(fixture, &placed).await?;
    scenario.wait_for_end(fixture, &placed).await?;
    Ok(true)
}

/// Renames a product.
async fn rename(fixture: &Fixture, product: &str, number: u64) -> Result<(), Violation> {
    let request = ClientRequest {
        by: &fixture.seller,
        method: Method::PATCH,
        path: format!("/v1/products/{product}"),
        key: local::system::aws_ids::uuid(),
        body: json!({ "title": format!("Saucer of trial {number}"), "description": "Chipped" }),
    };
    let response = fixture.send_if_match(&request, "*").await;
    if response.status.is_success() { Ok(()) } else { Err(crate::fixture::rejected(&request, &response)) }
}

//! Nothing goes wrong: what the auditor must have nothing to say about, and what most planted bugs are shown by.

use futures::FutureExt;
use futures::future::BoxFuture;
use http::Method;
use serde_json::json;
use test_support::audit::Violation;

use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::{ClientRequest, Fixture};
use crate::scenario::Scenario;

pub(crate) struct Trade;

/// How many orders are under way at once.
const AT_ONCE: usize = 8;

impl Fault for Trade {
    fn name(&self) -> &'static str {
        "trade"
    }

    fn description(&self) -> &'static str {
        "an order on one of eight ways to its end, and a product that changes its name; no fault"
    }

    fn effort(&self) -> TrialCounts {
        TrialCounts { long: 400, short: 16, together: 48 }
    }

    fn run<'a>(&'a self, bench: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        bench.each(trials, AT_ONCE, |trial| one(bench, trial.number)).boxed()
    }
}

async fn one(bench: &Fixture, number: u64) -> Result<bool, Violation> {
    let course = Scenario::of(number);
    let stock = if course == Scenario::OutOfStock { 1 } else { 5 };
    let product = bench.product(number, stock).await?;
    let placed = course.place_of(bench, number, &product).await?;
    rename(bench, &product, number).await?;
    course.run_after(bench, &placed).await?;
    course.ends(bench, &placed).await?;
    Ok(true)
}

/// The seller calls a product something else.
async fn rename(bench: &Fixture, product: &str, number: u64) -> Result<(), Violation> {
    let wish = ClientRequest {
        by: &bench.seller,
        method: Method::PATCH,
        path: format!("/v1/products/{product}"),
        key: local::system::aws_ids::uuid(),
        body: json!({ "title": format!("Saucer of trial {number}"), "description": "Chipped" }),
    };
    let tagged = bench.send_if_match(&wish, "*").await;
    if tagged.status.is_success() { Ok(()) } else { Err(crate::fixture::refused(&wish, &tagged)) }
}

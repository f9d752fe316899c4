//! Functions whose clocks differ.

use futures::FutureExt;
use futures::future::BoxFuture;
use test_support::audit::Violation;

use super::FULFILMENT;
use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::Fixture;
use crate::scenario::Scenario;

pub(crate) struct Skew;

/// How many orders are under way at once.
const AT_ONCE: usize = 6;
/// How far a clock is off at most, either way, in milliseconds.
const FARTHEST: u64 = 300_000;

/// Whose clocks are off.
const FUNCTIONS: [&str; 5] = [FULFILMENT, "api-orders", "api-payments", "api-products", "queue-emails"];

impl Fault for Skew {
    fn name(&self) -> &'static str {
        "clock-skew"
    }

    fn description(&self) -> &'static str {
        "an order on its way through functions whose clocks are up to five minutes off, each by something else"
    }

    fn effort(&self) -> TrialCounts {
        TrialCounts { long: 200, short: 10, together: 10 }
    }

    fn run<'a>(&'a self, bench: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        let mut random = trials.random();
        for function in FUNCTIONS {
            let off = i64::try_from(random.below(2 * FARTHEST)).unwrap_or_default();
            bench.faults().skew(function, off - i64::try_from(FARTHEST).unwrap_or_default());
        }
        bench.each(trials, AT_ONCE, |trial| one(bench, trial.number)).boxed()
    }
}

async fn one(bench: &Fixture, number: u64) -> Result<bool, Violation> {
    Scenario::of(number).run(bench, number).await.map(|_| true)
}

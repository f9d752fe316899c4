//! Clock skew between functions.

use futures::FutureExt;
use futures::future::BoxFuture;
use test_support::audit::Violation;

use super::FULFILMENT;
use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::Fixture;
use crate::scenario::Scenario;

pub(crate) struct ClockSkew;

/// Number of concurrent orders.
const CONCURRENCY: usize = 6;
/// Maximum skew of a clock in either direction, in milliseconds.
const MAX_SKEW: i64 = 300_000;

/// Functions with skewed clocks.
const FUNCTIONS: [&str; 5] = [FULFILMENT, "api-orders", "api-payments", "api-products", "queue-emails"];

impl Fault for ClockSkew {
    fn name(&self) -> &'static str {
        "clock-skew"
    }

    fn description(&self) -> &'static str {
        "an order processed by functions whose clocks are up to five minutes off, each by a different amount"
    }

    fn trial_counts(&self) -> TrialCounts {
        TrialCounts { long: 200, short: 10, per_stack: 10 }
    }

    fn run<'a>(&'a self, fixture: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        let mut rng = trials.rng();
        for function in FUNCTIONS {
            fixture.faults().skew(function, rng.i64(-MAX_SKEW..MAX_SKEW));
        }
        fixture.run_trials(trials, CONCURRENCY, |trial| one(fixture, trial.number)).boxed()
    }
}

async fn one(fixture: &Fixture, number: u64) -> Result<bool, Violation> {
    Scenario::of(number).run(fixture, number).await.map(|_| true)
}

//! Outage of the payment gateway under load.

use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use local::StackBuilder;
use serde_json::Value;
use stripe_sandbox::{Effect, Operation, Rule};
use test_support::audit::{Invariant, Violation};

use super::FULFILMENT;
use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::Fixture;
use crate::scenario::{PlacedOrder, Scenario};

pub(crate) struct Outages;

/// Number of orders that wait for the gateway.
const ORDERS: u64 = 30;
/// Minimum average number of attempts per order before the outage ends.
const MIN_ATTEMPTS: u64 = 6;
/// Duration of the outage in the first trial, which is the only one of the short form.
const SHORT: Duration = Duration::from_secs(10);
/// Duration of the outage in the other trials.
const LONG: Duration = Duration::from_mins(1);
/// Maximum time from the end of the outage to the first capture.
const RECOVERY: Duration = Duration::from_secs(10);

impl Fault for Outages {
    fn name(&self) -> &'static str {
        "outages"
    }

    fn description(&self) -> &'static str {
        "the gateway is unavailable for 60 s (10 s in the first trial) under load: at most 1.1 calls per \
         attempt, payments resume within 10 s"
    }

    fn trial_counts(&self) -> TrialCounts {
        TrialCounts { long: 30, short: 1, per_stack: 1 }
    }

    fn stack_settings(&self, builder: StackBuilder) -> StackBuilder {
        builder.parameter("PaymentGatewayBreakerOpenSeconds", "1")
    }

    fn run<'a>(&'a self, fixture: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        fixture.run_trials(trials, 1, |trial| one(fixture, trial.number)).boxed()
    }
}

async fn one(fixture: &Fixture, number: u64) -> Result<bool, Violation> {
    let payments = fixture.app.stack().payments();
    payments.add_fault_rule(Rule::on(Operation::Any, Effect::Fail { status: 503 }));
    let orders = async {
        let placed = join_all((0..ORDERS).map(|n| Scenario::Confirmed.place(fixture, number + n))).await;
        placed.into_iter().collect::<Result<Vec<PlacedOrder>, Violation>>()
    };
    let duration = if number == 0 { SHORT } else { LONG };
    let (orders, ()) = futures::join!(orders, local::system::clock::sleep(duration));
    let orders = orders?;
    // With enough attempts, the calls that open the breaker do not matter.
    let enough_attempts = || async { (attempts(fixture) >= MIN_ATTEMPTS * ORDERS).then_some(()) };
    let _ = fixture.poll(enough_attempts).await;
    let (calls, attempts) = (calls(fixture).await, attempts(fixture));
    payments.clear_fault_rules();
    let outage_end = Instant::now();
    let has_capture = || async {
        let ledger = fixture.app.stack().payments().ledger();
        orders.iter().any(|order| !ledger.captures_of(&order.id).is_empty()).then_some(())
    };
    let _ = fixture.poll(has_capture).await;
    let recovered = outage_end.elapsed();
    for order in &orders {
        Scenario::Confirmed.wait_for_end(fixture, order).await?;
    }
    let wrong = |expected: &str, was: String| Err(Violation::new(Invariant::Sagas, "gateway", expected, was));
    if attempts < MIN_ATTEMPTS * ORDERS || calls * 10 > attempts * 11 {
        return wrong("at most 1.1 calls per attempt", format!("{calls} calls, {attempts} attempts"));
    }
    if recovered > RECOVERY {
        return wrong("payments resume within 10 s", format!("they resumed after {recovered:?}"));
    }
    Ok(true)
}

/// Number of calls that reached the gateway during the outage.
async fn calls(fixture: &Fixture) -> u64 {
    let address = format!("{}/sandbox/behaviour", fixture.app.stack().payments_endpoint());
    let status = async { reqwest::get(address).await?.json::<Value>().await };
    status.await.ok().and_then(|status| status["rules"][0]["seen"].as_u64()).unwrap_or(u64::MAX / 10)
}

/// Number of failed attempts to call the gateway, according to the log.
fn attempts(fixture: &Fixture) -> u64 {
    let lines = fixture.app.stack().logs().lines(FULFILMENT);
    let is_failed_attempt = |line: &&String| line.contains("the payment gateway does not respond");
    lines.iter().filter(is_failed_attempt).count() as u64
}

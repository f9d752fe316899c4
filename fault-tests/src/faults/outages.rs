//! A payment gateway that is dead for a while, under load.

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
use crate::scenario::{Placed, Scenario};

pub(crate) struct Outages;

/// How many orders wait for the gateway.
const ORDERS: u64 = 30;
/// How often each of them was worked on at least, on average, when it returns.
const OFTEN: u64 = 6;
/// How long it is dead the first time, which is all that the short form has time for.
const SHORT: Duration = Duration::from_secs(10);
/// How long it is dead otherwise.
const LONG: Duration = Duration::from_mins(1);
/// How soon after its return the gateway's work has to go on.
const RECOVERY: Duration = Duration::from_secs(10);

impl Fault for Outages {
    fn name(&self) -> &'static str {
        "outages"
    }

    fn description(&self) -> &'static str {
        "the gateway is dead for 60 s (the first time 10 s) under load: calls at most 1.1 times what was offered, work goes \
         on within 10 s"
    }

    fn effort(&self) -> TrialCounts {
        TrialCounts { long: 30, short: 1, together: 1 }
    }

    fn shop(&self, builder: StackBuilder) -> StackBuilder {
        builder.parameter("PaymentGatewayBreakerOpenSeconds", "1")
    }

    fn run<'a>(&'a self, bench: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        bench.each(trials, 1, |trial| one(bench, trial.number)).boxed()
    }
}

async fn one(bench: &Fixture, number: u64) -> Result<bool, Violation> {
    let payments = bench.shop.stack().payments();
    payments.add_fault_rule(Rule::on(Operation::Any, Effect::Fail { status: 503 }));
    let orders = async {
        let placed = join_all((0..ORDERS).map(|n| Scenario::Confirmed.place(bench, number + n))).await;
        placed.into_iter().collect::<Result<Vec<Placed>, Violation>>()
    };
    let last = if number == 0 { SHORT } else { LONG };
    let (orders, ()) = futures::join!(orders, local::system::clock::sleep(last));
    let orders = orders?;
    // The calls that it takes for a breaker to open are few among many, and many among few.
    let often = || async { (offered(bench) >= OFTEN * ORDERS).then_some(()) };
    let _ = bench.until(often).await;
    let (calls, offered) = (calls(bench).await, offered(bench));
    payments.clear_fault_rules();
    let returned = Instant::now();
    let back = || async {
        let ledger = bench.shop.stack().payments().ledger();
        orders.iter().any(|order| !ledger.captures_of(&order.id).is_empty()).then_some(())
    };
    let _ = bench.until(back).await;
    let recovered = returned.elapsed();
    for order in &orders {
        Scenario::Confirmed.ends(bench, order).await?;
    }
    let wrong = |expected: &str, was: String| Err(Violation::new(Invariant::Sagas, "gateway", expected, was));
    if offered < OFTEN * ORDERS || calls * 10 > offered * 11 {
        return wrong(
            "calls at most 1.1 times what was offered",
            format!("{calls} calls, {offered} offered"),
        );
    }
    if recovered > RECOVERY {
        return wrong("work goes on within 10 s", format!("it did after {recovered:?}"));
    }
    Ok(true)
}

/// How many calls reached the gateway while it was dead.
async fn calls(bench: &Fixture) -> u64 {
    let address = format!("{}/sandbox/behaviour", bench.shop.stack().payments_endpoint());
    let told = async { reqwest::get(address).await?.json::<Value>().await };
    told.await.ok().and_then(|told| told["rules"][0]["seen"].as_u64()).unwrap_or(u64::MAX / 10)
}

/// How often an order was worked on meanwhile, and wanted to ask the gateway.
fn offered(bench: &Fixture) -> u64 {
    let lines = bench.shop.stack().logs().lines(FULFILMENT);
    let unserved = |line: &&String| line.contains("the payment gateway does not answer");
    lines.iter().filter(unserved).count() as u64
}

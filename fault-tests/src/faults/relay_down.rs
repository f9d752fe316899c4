//! A relay that is down for longer than the stream keeps its records.

use std::convert::Infallible;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Either, select};
use local::StackBuilder;
use local::faults::{RequestMutation, Service, shift_times};
use test_support::audit::{MoneyAndStock, Violation};

use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::Fixture;
use crate::scenario::Scenario;

pub(crate) struct Relay;

/// How many orders are under way at once.
const AT_ONCE: usize = 8;
/// How long an event waits for the stream before the sweeper takes it for missed, and a little more, in milliseconds.
const MISSED: i64 = 61_000;
/// How often the sweeper runs.
const PERIOD: Duration = Duration::from_millis(300);

impl Fault for Relay {
    fn name(&self) -> &'static str {
        "relay-down"
    }

    fn description(&self) -> &'static str {
        "an order all of whose events the stream loses, and the sweeper delivers"
    }

    fn effort(&self) -> TrialCounts {
        TrialCounts { long: 50, short: 6, together: 25 }
    }

    fn shop(&self, builder: StackBuilder) -> StackBuilder {
        builder.streams(false)
    }

    fn run<'a>(&'a self, bench: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        run(bench, trials).boxed()
    }
}

async fn run(bench: &Fixture, trials: Trials) {
    // As if a minute had passed whenever the sweeper looks.
    bench.faults().add_mutation(RequestMutation::new("schedule-sweeper", Service::DynamoDb, |_, body| {
        if body.get("KeyConditionExpression").is_some()
            && let Ok(later) = serde_json::from_str(&shift_times(&body.to_string(), MISSED))
        {
            *body = later;
        }
    }));
    let orders = bench.each(trials, AT_ONCE, |trial| one(bench, trial.number));
    let sweeping = sweep(bench);
    let done = async {
        orders.await;
        let none_left = || async { (MoneyAndStock::read(&bench.shop).await.unpublished == 0).then_some(()) };
        // What is left, if anything is, the audit finds.
        let _ = bench.until(none_left).await;
    };
    futures::pin_mut!(done, sweeping);
    match select(done, sweeping).await {
        Either::Left(((), _)) => {}
        Either::Right((never, _)) => match never {},
    }
}

/// Runs the sweeper again and again.
async fn sweep(bench: &Fixture) -> Infallible {
    loop {
        // A tick that fails is made up for by the next.
        let _ = bench.shop.stack().run_schedule("schedule-sweeper").await;
        local::system::clock::sleep(PERIOD).await;
    }
}

async fn one(bench: &Fixture, number: u64) -> Result<bool, Violation> {
    Scenario::of(number).run(bench, number).await.map(|_| true)
}

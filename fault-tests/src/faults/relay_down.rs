//! A relay that is down for longer than the retention of the stream.

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

pub(crate) struct RelayDown;

/// Number of concurrent orders.
const CONCURRENCY: usize = 8;
/// Time shift after which the sweeper regards an event as missed, in milliseconds.
const TIME_SHIFT: i64 = 61_000;
/// Interval of the sweeper.
const PERIOD: Duration = Duration::from_millis(300);

impl Fault for RelayDown {
    fn name(&self) -> &'static str {
        "relay-down"
    }

    fn description(&self) -> &'static str {
        "an order whose events are all lost by the stream, and published by the sweeper"
    }

    fn trial_counts(&self) -> TrialCounts {
        TrialCounts { long: 50, short: 6, per_stack: 25 }
    }

    fn stack_settings(&self, builder: StackBuilder) -> StackBuilder {
        builder.streams(false)
    }

    fn run<'a>(&'a self, fixture: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        run(fixture, trials).boxed()
    }
}

async fn run(fixture: &Fixture, trials: Trials) {
    // Shifts the times in the sweeper's queries, as if a minute had passed.
    fixture.faults().add_mutation(RequestMutation::new("schedule-sweeper", Service::DynamoDb, |_, body| {
        if body.get("KeyConditionExpression").is_some()
            && let Ok(later) = serde_json::from_str(&shift_times(&body.to_string(), TIME_SHIFT))
        {
            *body = later;
        }
    }));
    let orders = fixture.run_trials(trials, CONCURRENCY, |trial| one(fixture, trial.number));
    let sweeping = sweep(fixture);
    let done = async {
        orders.await;
        let all_published =
            || async { (MoneyAndStock::read(&fixture.app).await.unpublished == 0).then_some(()) };
        // The audit reports events that are still unpublished.
        let _ = fixture.poll(all_published).await;
    };
    futures::pin_mut!(done, sweeping);
    match select(done, sweeping).await {
        Either::Left(((), _)) => {}
        Either::Right((never, _)) => match never {},
    }
}

/// Runs the sweeper repeatedly.
async fn sweep(fixture: &Fixture) -> Infallible {
    loop {
        // The next run compensates for a failed one.
        let _ = fixture.app.stack().run_schedule("schedule-sweeper").await;
        local::system::clock::sleep(PERIOD).await;
    }
}

async fn one(fixture: &Fixture, number: u64) -> Result<bool, Violation> {
    Scenario::of(number).run(fixture, number).await.map(|_| true)
}

//! Repeated redrives of dead letters.

use futures::FutureExt;
use futures::future::BoxFuture;
use shared::messaging::event_routing::Subscriber;
use test_support::audit::{Invariant, Violation};

use crate::fault::{Fault, TrialCounts, Trials};
use crate::faults::relay_tap::RelayTap;
use crate::fixture::Fixture;
use crate::scenario::Scenario;

pub(crate) struct Redrives;

/// Number of concurrent orders.
const CONCURRENCY: usize = 6;

impl Fault for Redrives {
    fn name(&self) -> &'static str {
        "redrives"
    }

    fn description(&self) -> &'static str {
        "a dead letter of a completed order, redriven twice concurrently and once later"
    }

    fn trial_counts(&self) -> TrialCounts {
        TrialCounts { long: 500, short: 10, per_stack: 50 }
    }

    fn run<'a>(&'a self, fixture: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        run(fixture, trials).boxed()
    }
}

async fn run(fixture: &Fixture, trials: Trials) {
    let tap = RelayTap::install(fixture);
    fixture.run_trials(trials.clone(), CONCURRENCY, |trial| one(fixture, trial.number)).await;
    fixture.wait_until_idle().await;
    let mut messages = tap.take();
    messages.retain(|message| message.queue == "FulfilmentQueue");
    messages.truncate(usize::try_from(trials.count()).unwrap_or(usize::MAX));
    for message in &messages {
        fixture.app.send_message("FulfilmentDeadLetters", &message.body).await;
    }
    let recorded = || async {
        (fixture.dead_letters(Subscriber::Fulfilment).await.len() == messages.len()).then_some(())
    };
    let all_recorded = fixture.poll(recorded).await.is_some();
    let (first, second) = futures::join!(fixture.redrive("fulfilment"), fixture.redrive("fulfilment"));
    fixture.wait_until_idle().await;
    let third = fixture.redrive("fulfilment").await;
    let count = messages.len() as u64;
    fixture.count_trials(count);
    if !all_recorded || (first + second, third) != (count, 0) {
        let expected = format!("{count} dead letters, each redriven once");
        let was = format!("{first} and {second} concurrently, {third} later");
        fixture.record_violation(None, Violation::new(Invariant::Outbox, "dead letters", expected, was));
    }
}

async fn one(fixture: &Fixture, number: u64) -> Result<bool, Violation> {
    // A trial is a dead letter, not an order.
    Scenario::Confirmed.run(fixture, number).await.map(|_| false)
}

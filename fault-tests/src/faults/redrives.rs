//! Dead letters that are redriven twice.

use futures::FutureExt;
use futures::future::BoxFuture;
use shared::messaging::event_routing::Subscriber;
use test_support::audit::{Invariant, Violation};

use crate::fault::{Fault, TrialCounts, Trials};
use crate::faults::relay_tap::RelayTap;
use crate::fixture::Fixture;
use crate::scenario::Scenario;

pub(crate) struct Redrives;

/// How many orders are under way at once.
const AT_ONCE: usize = 6;

impl Fault for Redrives {
    fn name(&self) -> &'static str {
        "redrives"
    }

    fn description(&self) -> &'static str {
        "a dead letter of an order that is done, redriven twice at once and once more"
    }

    fn effort(&self) -> TrialCounts {
        TrialCounts { long: 500, short: 10, together: 50 }
    }

    fn run<'a>(&'a self, bench: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        run(bench, trials).boxed()
    }
}

async fn run(bench: &Fixture, trials: Trials) {
    let heard = RelayTap::of(bench);
    bench.each(trials.clone(), AT_ONCE, |trial| one(bench, trial.number)).await;
    bench.rest().await;
    let mut messages = heard.take();
    messages.retain(|message| message.queue == "FulfilmentQueue");
    messages.truncate(usize::try_from(trials.count()).unwrap_or(usize::MAX));
    for message in &messages {
        bench.shop.send_message("FulfilmentDeadLetters", &message.body).await;
    }
    let recorded =
        || async { (bench.dead(Subscriber::Fulfilment).await.len() == messages.len()).then_some(()) };
    let all_are_there = bench.until(recorded).await.is_some();
    let (first, second) = futures::join!(bench.redrive("fulfilment"), bench.redrive("fulfilment"));
    bench.rest().await;
    let third = bench.redrive("fulfilment").await;
    let count = messages.len() as u64;
    bench.made(count);
    if !all_are_there || (first + second, third) != (count, 0) {
        let expected = format!("{count} letters, each redriven once");
        let was = format!("{first} and {second} at once, {third} later");
        bench.record_violation(None, Violation::new(Invariant::Outbox, "dead letters", expected, was));
    }
}

async fn one(bench: &Fixture, number: u64) -> Result<bool, Violation> {
    // The trials are the letters, not the orders.
    Scenario::Confirmed.run(bench, number).await.map(|_| false)
}

//! Duplicate deliveries of messages, concurrent or late, to any free instance.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use simulation::rng::one_of;
use test_support::audit::Violation;

use crate::fault::{Fault, TrialCounts, Trials};
use crate::faults::relay_tap::{Message, RelayTap};
use crate::fixture::Fixture;
use crate::scenario::Scenario;
use crate::trial::Trial;

pub(crate) struct Duplicates;

/// Number of concurrent orders.
const CONCURRENCY: usize = 6;

impl Fault for Duplicates {
    fn name(&self) -> &'static str {
        "duplicates"
    }

    fn description(&self) -> &'static str {
        "a message is delivered two to ten times, all at once or late"
    }

    fn trial_counts(&self) -> TrialCounts {
        TrialCounts { long: 10_000, short: 100, per_stack: 200 }
    }

    fn trials_to_detect(&self) -> u64 {
        60
    }

    fn run<'a>(&'a self, fixture: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        run(fixture, trials).boxed()
    }
}

async fn run(fixture: &Fixture, trials: Trials) {
    let tap = RelayTap::install(fixture);
    let mut remaining = trials.iter().peekable();
    let mut first = trials.numbers.start;
    // Places orders until there were enough messages; each order causes several.
    for _ in 0..trials.count() {
        if remaining.peek().is_none() {
            return;
        }
        let orders = Trials { numbers: first..first + CONCURRENCY as u64, ..trials.clone() };
        first = orders.numbers.end;
        let is_done = AtomicBool::new(false);
        let place_orders = async {
            fixture.run_trials(orders, CONCURRENCY, |trial| order(fixture, trial)).await;
            fixture.wait_until_idle().await;
            is_done.store(true, Ordering::SeqCst);
        };
        let repeat_messages = async {
            while !is_done.load(Ordering::SeqCst) {
                let messages = tap.take();
                let pairs = messages.iter().zip(remaining.by_ref());
                join_all(pairs.map(|(message, trial)| repeat(fixture, trial, message))).await;
                local::system::clock::sleep(Duration::from_millis(5)).await;
            }
        };
        futures::join!(place_orders, repeat_messages);
    }
}

async fn order(fixture: &Fixture, mut trial: Trial) -> Result<bool, Violation> {
    let scenario = one_of(&mut trial.rng, &Scenario::ALL);
    // A trial is a message, not an order.
    scenario.run(fixture, trial.number).await.map(|_| false)
}

/// Sends one to nine copies of a message.
async fn repeat(fixture: &Fixture, mut trial: Trial, message: &Message) {
    let times = trial.rng.u64(1..=9);
    join_all((0..times).map(|_| fixture.app.send_message(message.queue, &message.body))).await;
    fixture.count_trials(1);
}

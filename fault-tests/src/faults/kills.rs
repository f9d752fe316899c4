//! `kill -9` at a random time.

use std::time::Duration;

use fastrand::Rng;
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use simulation::rng::one_of;
use test_support::audit::Violation;

use super::FULFILMENT;
use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::Fixture;
use crate::scenario::Scenario;
use crate::trial::Trial;

pub(crate) struct Kills;

/// Functions that are killed; more entries make a kill more likely.
const VICTIMS: [&str; 12] = [
    FULFILMENT,
    FULFILMENT,
    FULFILMENT,
    FULFILMENT,
    "stream-outbox-relay",
    "stream-outbox-relay",
    "queue-analytics",
    "queue-search-index",
    "queue-emails",
    "api-orders",
    "api-payments",
    "api-products",
];

/// Number of concurrent orders.
const CONCURRENCY: usize = 6;
/// Maximum delay before a kill, in milliseconds.
const MAX_DELAY: u64 = 400;
/// Maximum number of attempts to hit an instance that is handling an event.
const ATTEMPTS: usize = 50;

impl Fault for Kills {
    fn name(&self) -> &'static str {
        "kills"
    }

    fn description(&self) -> &'static str {
        "kill -9 of one or two working functions, at a random time in the lifecycle of an order"
    }

    fn trial_counts(&self) -> TrialCounts {
        TrialCounts { long: 2_000, short: 20, per_stack: 40 }
    }

    fn run<'a>(&'a self, fixture: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        fixture.run_trials(trials, CONCURRENCY, |trial| one(fixture, trial)).boxed()
    }
}

async fn one(fixture: &Fixture, Trial { number, mut rng }: Trial) -> Result<bool, Violation> {
    let scenario = one_of(&mut rng, &Scenario::ALL);
    let (outcome, killed) = futures::join!(scenario.run(fixture, number), kill(fixture, rng));
    outcome.map(|_| killed)
}

/// Kills a function that is handling an event; in a third of the trials, a second function at the same time.
async fn kill(fixture: &Fixture, mut rng: Rng) -> bool {
    let kills_two = rng.u8(..3) == 0;
    for _ in 0..ATTEMPTS {
        local::system::clock::sleep(Duration::from_millis(rng.u64(..MAX_DELAY))).await;
        let victims: Vec<&str> = (0..=usize::from(kills_two)).map(|_| one_of(&mut rng, &VICTIMS)).collect();
        let before = crashes(fixture);
        join_all(victims.iter().map(|victim| fixture.app.stack().kill(victim))).await;
        if crashes(fixture) > before {
            return true;
        }
    }
    false
}

/// Number of instances that terminated while handling an event.
fn crashes(fixture: &Fixture) -> u64 {
    fixture.app.stack().stats().values().map(|stats| stats.crashes).sum()
}

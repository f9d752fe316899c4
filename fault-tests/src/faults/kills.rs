//! `kill -9` at any moment.

use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use test_support::audit::Violation;

use super::FULFILMENT;
use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::Fixture;
use crate::random::Random;
use crate::scenario::Scenario;
use crate::trial::Trial;

pub(crate) struct Kills;

/// Who is killed; who is named more often, more often.
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

/// How many orders are under way at once.
const AT_ONCE: usize = 6;
/// How late a kill comes at most.
const LATEST: u64 = 400;
/// How often somebody is looked for who is at work just then.
const TRIES: usize = 50;

impl Fault for Kills {
    fn name(&self) -> &'static str {
        "kills"
    }

    fn description(&self) -> &'static str {
        "kill -9 of one function or two while they work, at a random instant of an order's way"
    }

    fn effort(&self) -> TrialCounts {
        TrialCounts { long: 2_000, short: 20, together: 40 }
    }

    fn run<'a>(&'a self, bench: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        bench.each(trials, AT_ONCE, |trial| one(bench, trial)).boxed()
    }
}

async fn one(bench: &Fixture, Trial { number, mut random }: Trial) -> Result<bool, Violation> {
    let course = random.pick(&Scenario::ALL);
    let (ended, killed) = futures::join!(course.run(bench, number), kill(bench, random));
    ended.map(|_| killed)
}

/// Kills somebody who is at work; every third time, somebody else at the same moment.
async fn kill(bench: &Fixture, mut random: Random) -> bool {
    let pairs = random.below(3) == 0;
    for _ in 0..TRIES {
        local::system::clock::sleep(Duration::from_millis(random.below(LATEST))).await;
        let victims: Vec<&str> = (0..=usize::from(pairs)).map(|_| random.pick(&VICTIMS)).collect();
        let before = crashes(bench);
        join_all(victims.iter().map(|victim| bench.shop.stack().kill(victim))).await;
        if crashes(bench) > before {
            return true;
        }
    }
    false
}

/// How many instances ended while they were at work.
fn crashes(bench: &Fixture) -> u64 {
    bench.shop.stack().stats().values().map(|stats| stats.crashes).sum()
}

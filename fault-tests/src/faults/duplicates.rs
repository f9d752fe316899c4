//! Messages that come again and again, some at once, to whichever instance is free.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use test_support::audit::Violation;

use crate::fault::{Fault, TrialCounts, Trials};
use crate::faults::relay_tap::{Message, RelayTap};
use crate::fixture::Fixture;
use crate::random::Random;
use crate::scenario::Scenario;
use crate::trial::Trial;

pub(crate) struct Duplicates;

/// How many orders are under way at once.
const AT_ONCE: usize = 6;

impl Fault for Duplicates {
    fn name(&self) -> &'static str {
        "duplicates"
    }

    fn description(&self) -> &'static str {
        "a message is delivered two to ten times, all at once or late"
    }

    fn effort(&self) -> TrialCounts {
        TrialCounts { long: 10_000, short: 100, together: 200 }
    }

    fn trials_to_detect(&self) -> u64 {
        60
    }

    fn run<'a>(&'a self, bench: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        run(bench, trials).boxed()
    }
}

async fn run(bench: &Fixture, trials: Trials) {
    let heard = RelayTap::of(bench);
    let mut ahead = trials.each().peekable();
    let mut first = trials.numbers.start;
    // Orders are placed until there were messages enough; each has several.
    for _ in 0..trials.count() {
        if ahead.peek().is_none() {
            return;
        }
        let orders = Trials { numbers: first..first + AT_ONCE as u64, ..trials.clone() };
        first = orders.numbers.end;
        let over = AtomicBool::new(false);
        let trade = async {
            bench.each(orders, AT_ONCE, |trial| order(bench, trial)).await;
            bench.rest().await;
            over.store(true, Ordering::SeqCst);
        };
        let repeats = async {
            while !over.load(Ordering::SeqCst) {
                let messages = heard.take();
                let pairs = messages.iter().zip(ahead.by_ref());
                join_all(pairs.map(|(message, trial)| repeat(bench, trial, message))).await;
                local::system::clock::sleep(Duration::from_millis(5)).await;
            }
        };
        futures::join!(trade, repeats);
    }
}

async fn order(bench: &Fixture, mut trial: Trial) -> Result<bool, Violation> {
    let course = trial.random.pick(&Scenario::ALL);
    // The trials are the messages, not the orders.
    course.run(bench, trial.number).await.map(|_| false)
}

/// Sends a message one to nine times more.
async fn repeat(bench: &Fixture, trial: Trial, message: &Message) {
    let mut random: Random = trial.random;
    let times = 1 + random.below(9);
    join_all((0..times).map(|_| bench.shop.send_message(message.queue, &message.body))).await;
    bench.made(1);
}

//! Everything at once, in one process: the order saga and all that races it, under a scheduler that a seed decides for.

use futures::FutureExt;
use futures::future::BoxFuture;
use simulation::schedule::run;
use test_support::audit::{Invariant, Violation};

use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::Fixture;
use crate::trial::Trial;

/// A trial is a schedule. It needs no shop, for the simulation has its own in memory.
pub(crate) struct Schedules;

/// How many seeds of schedules one seed of the proofs has to itself.
const SEEDS: u64 = 1_000_000;

impl Fault for Schedules {
    fn name(&self) -> &'static str {
        "schedules"
    }

    fn description(&self) -> &'static str {
        "a simulated schedule of calls that are delayed, lost, repeated and reordered, and of crashes at every await"
    }

    fn effort(&self) -> TrialCounts {
        TrialCounts { long: 100_000, short: 20, together: 5_000 }
    }

    fn run<'a>(&'a self, bench: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        let first = 1 + trials.seed.saturating_sub(1).wrapping_mul(SEEDS);
        bench.each(trials, 2, move |trial| one(first, trial)).boxed()
    }
}

async fn one(first: u64, Trial { number, .. }: Trial) -> Result<bool, Violation> {
    let seed = first.wrapping_add(number);
    // A schedule has a runtime of its own, and is busy all the time.
    let schedule = tokio::task::spawn_blocking(move || run(seed, None)).await;
    let subject = format!("schedule {seed} (`simulate --seed {seed}` shows it step by step)");
    match schedule.map(|schedule| schedule.violations) {
        Ok(violations) if violations.is_empty() => Ok(true),
        Ok(violations) => {
            Err(Violation::new(Invariant::Sagas, subject, "no violation", violations.join("; ")))
        }
        Err(stopped) => Err(Violation::new(Invariant::Sagas, subject, "an end", stopped)),
    }
}

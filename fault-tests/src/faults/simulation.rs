//! Simulated schedules: the order saga and its concurrent requests in one process, with a seeded scheduler.

use futures::FutureExt;
use futures::future::BoxFuture;
use simulation::schedule::run;
use test_support::audit::{Invariant, Violation};

use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::Fixture;
use crate::trial::Trial;

/// A trial is one simulated schedule. It does not use the stack: the simulation keeps its own state in
/// memory.
pub(crate) struct Simulation;

/// Number of schedule seeds reserved for each seed of the fault tests.
const SEEDS: u64 = 1_000_000;

impl Fault for Simulation {
    fn name(&self) -> &'static str {
        "schedules"
    }

    fn description(&self) -> &'static str {
        "a simulated schedule with delayed, lost, repeated and reordered calls, and crashes at every await"
    }

    fn trial_counts(&self) -> TrialCounts {
        TrialCounts { long: 100_000, short: 20, per_stack: 5_000 }
    }

    fn run<'a>(&'a self, fixture: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        let first = 1 + trials.seed.saturating_sub(1).wrapping_mul(SEEDS);
        fixture.run_trials(trials, 2, move |trial| one(first, trial)).boxed()
    }
}

async fn one(first: u64, Trial { number, .. }: Trial) -> Result<bool, Violation> {
    let seed = first.wrapping_add(number);
    // A schedule has its own runtime, and blocks the thread.
    let schedule = tokio::task::spawn_blocking(move || run(seed, None)).await;
    let subject = format!("schedule {seed} (`simulate --seed {seed}` prints each step)");
    match schedule.map(|schedule| schedule.violations) {
        Ok(violations) if violations.is_empty() => Ok(true),
        Ok(violations) => {
            Err(Violation::new(Invariant::Sagas, subject, "no violation", violations.join("; ")))
        }
        Err(panic) => Err(Violation::new(Invariant::Sagas, subject, "a completed schedule", panic)),
    }
}

//! Runs batches of trials, each on its own stack, several concurrently.

use std::path::PathBuf;
use std::time::Instant;

use futures::{StreamExt, stream};
use local::StackBuilder;
use test_support::seeded_bugs::SeededBug;

use crate::fault::Trials;
use crate::faults;
use crate::fixture::Fixture;
use crate::plan::Batch;
use crate::run_log::{CompletedBatch, Finding};

/// Settings of a run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Seed of all random decisions.
    pub seed: u64,
    /// Folder of the functions' binaries; by default the folder of the running program.
    pub bins: Option<PathBuf>,
}

impl Settings {
    fn builder(&self, builder: StackBuilder) -> StackBuilder {
        match &self.bins {
            Some(folder) => builder.bin_dir(folder),
            None => builder,
        }
    }

    /// Command that repeats the trial of a finding, or its batch if the trial is unknown.
    #[must_use]
    pub fn repeat_command(&self, done: &CompletedBatch, finding: &Finding) -> String {
        let (first, end) = finding.trial.map_or((done.first, done.end), |trial| (trial, trial + 1));
        format!("fault-tests --seed {} --only {} --trials {first}..{end}", self.seed, done.fault)
    }
}

/// Runs one batch: starts a stack, seeds the bug if there is one, runs the trials, waits until the stack is
/// idle, and audits.
///
/// # Panics
/// If the fault test does not exist, or the stack does not start.
pub async fn batch(batch: &Batch, settings: &Settings, bug: Option<&SeededBug>) -> CompletedBatch {
    let begun = Instant::now();
    let fault = faults::named(batch.fault).expect("the fault test exists");
    let stack_settings = |builder| fault.stack_settings(settings.builder(builder));
    let fixture = Box::pin(Fixture::open(stack_settings, bug.is_some())).await;
    if let Some(bug) = bug {
        fixture.faults().add_mutation(bug.mutation());
        bug.delay().map(|delay| fixture.faults().inject(delay));
    }
    let trials = Trials { seed: settings.seed, fault: fault.name(), numbers: batch.numbers.clone() };
    Box::pin(fixture.with_recovery(fault.run(&fixture, trials))).await;
    fixture.faults().clear_rules();
    Box::pin(fixture.settle()).await;
    let (trials, findings) = Box::pin(fixture.audit()).await;
    CompletedBatch {
        fault: fault.name().to_owned(),
        first: batch.numbers.start,
        end: batch.numbers.end,
        made: trials,
        findings,
        milliseconds: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    }
}

/// Runs batches, `jobs` concurrently, and calls `on_completed` for each completed one.
pub async fn batches(
    batches: Vec<Batch>,
    settings: &Settings,
    jobs: usize,
    mut on_completed: impl FnMut(CompletedBatch),
) {
    let running = stream::iter(&batches).map(|one| batch(one, settings, None));
    let mut running = running.buffer_unordered(jobs.max(1));
    while let Some(done) = running.next().await {
        on_completed(done);
    }
}

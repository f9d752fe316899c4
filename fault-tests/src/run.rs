//! Running batches: a stack each, several at a time.

use std::path::PathBuf;
use std::time::Instant;

use futures::{StreamExt, stream};
use local::StackBuilder;
use test_support::seeded_bugs::SeededBug;

use crate::fault::{self, Trials};
use crate::fixture::Fixture;
use crate::plan::Batch;
use crate::run_log::{CompletedBatch, Finding};

/// How trials are run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What decides on everything that is left to chance.
    pub seed: u64,
    /// Folder of the functions' binaries; beside the running program, if not given.
    pub bins: Option<PathBuf>,
}

impl Settings {
    fn builder(&self, builder: StackBuilder) -> StackBuilder {
        match &self.bins {
            Some(folder) => builder.bin_dir(folder),
            None => builder,
        }
    }

    /// The command that runs the trial of a finding again, and nothing else.
    #[must_use]
    pub fn repeats(&self, done: &CompletedBatch, finding: &Finding) -> String {
        let (first, end) = finding.trial.map_or((done.first, done.end), |trial| (trial, trial + 1));
        format!("proofs --seed {} --only {} --trials {first}..{end}", self.seed, done.fault)
    }
}

/// Runs one batch: opens a shop, plants the bug if there is one, makes the trials, waits until nothing moves, audits.
///
/// # Panics
/// If there is no such proof, or the stack does not start.
pub async fn batch(batch: &Batch, settings: &Settings, planted: Option<&SeededBug>) -> CompletedBatch {
    let begun = Instant::now();
    let fault = fault::named(batch.fault).expect("the plan knows the proofs");
    let opened = |builder| fault.shop(settings.builder(builder));
    let bench = Box::pin(Fixture::open(opened, planted.is_some())).await;
    if let Some(planted) = planted {
        bench.faults().add_mutation(planted.mutation());
        planted.slow().map(|slow| bench.faults().inject(slow));
    }
    let trials = Trials { seed: settings.seed, fault: fault.name(), numbers: batch.numbers.clone() };
    Box::pin(bench.with_recovery(fault.run(&bench, trials))).await;
    bench.faults().clear_rules();
    Box::pin(bench.settle()).await;
    let (made, findings) = Box::pin(bench.close()).await;
    CompletedBatch {
        fault: fault.name().to_owned(),
        first: batch.numbers.start,
        end: batch.numbers.end,
        made,
        findings,
        milliseconds: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    }
}

/// Runs batches, so many at a time; `each` hears of those that are done.
pub async fn batches(
    batches: Vec<Batch>,
    settings: &Settings,
    jobs: usize,
    mut each: impl FnMut(CompletedBatch),
) {
    let running = stream::iter(&batches).map(|one| batch(one, settings, None));
    let mut running = running.buffer_unordered(jobs.max(1));
    while let Some(done) = running.next().await {
        each(done);
    }
}

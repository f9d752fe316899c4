//! A sequence of steps from a seed, on a system of its own.

use std::fmt;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use tokio::runtime::Builder;

use crate::binaries::Binaries;
use crate::coverage::Coverage;
use crate::generate::Generator;
use crate::model::Model;
use crate::run::Run;
use crate::simulated::Simulated;
use crate::step::Step;
use crate::system::System;

/// Numbers of faults among a thousand calls of services; a sequence has one of them.
const FAULTS: [u64; 4] = [0, 0, 4, 15];

/// Kills among a thousand requests to the binaries, for each fault among a thousand calls in the simulation: a
/// request causes about ten calls.
const KILLS_PER_FAULT: u64 = 10;

/// System on which a sequence is executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Place {
    /// The simulation.
    Simulation,
    /// The function binaries.
    Binaries,
}

/// Settings of a sequence.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// System.
    pub place: Place,
    /// Seed of the run.
    pub seed: u64,
    /// Number of the sequence in the run.
    pub number: u64,
    /// Number of steps.
    pub steps: usize,
}

/// Result of a sequence.
#[derive(Debug, Clone)]
pub struct Sequence {
    /// Settings.
    pub settings: Settings,
    /// Executed steps with their numbers.
    pub steps: Vec<(usize, Step)>,
    /// Violations.
    pub violations: Vec<String>,
    /// Coverage.
    pub coverage: Coverage,
    /// Number of injected faults.
    pub faults: u64,
}

impl Settings {
    /// Seed of the sequence.
    fn seed(self) -> u64 {
        // The golden ratio: neighbouring runs and sequences have seeds that are far apart.
        self.seed
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add(self.number.wrapping_mul(0xD1B5_4A32_D192_ED03))
    }

    fn faults(self) -> u64 {
        let index = usize::try_from(self.number).unwrap_or_default() % FAULTS.len();
        FAULTS[index]
    }
}

/// Generates and executes a sequence.
///
/// # Panics
/// If the system does not start.
#[must_use]
pub fn run(settings: Settings) -> Sequence {
    let mut generator = Generator::new(settings.seed());
    execute(settings, &mut |number, model| {
        (number < settings.steps).then(|| (number, generator.next(number, model)))
    })
}

/// Executes these steps of a sequence again.
///
/// # Panics
/// If the system does not start.
#[must_use]
pub fn replay(settings: Settings, steps: &[(usize, Step)]) -> Sequence {
    execute(settings, &mut |index, _| steps.get(index).cloned())
}

/// Source of the steps: the next one, for the number of steps so far.
type Source<'a> = dyn FnMut(usize, &Model) -> Option<(usize, Step)> + 'a;

fn execute(settings: Settings, next: &mut Source<'_>) -> Sequence {
    let (seed, faults) = (settings.seed(), settings.faults());
    match settings.place {
        Place::Simulation => {
            // Time is paused: it passes only when every task waits for it.
            let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
            let runtime = runtime.expect("the runtime starts");
            runtime.block_on(async { execute_on(Simulated::open(seed, faults).await, settings, next).await })
        }
        Place::Binaries => {
            let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
            let runtime = runtime.expect("the runtime starts");
            runtime.block_on(async {
                execute_on(Binaries::open(seed, faults * KILLS_PER_FAULT).await, settings, next).await
            })
        }
    }
}

async fn execute_on(system: impl System, settings: Settings, next: &mut Source<'_>) -> Sequence {
    let mut run = Run::open(system).await;
    let mut steps = Vec::new();
    let work = async {
        while let Some((number, step)) = next(steps.len(), run.model()) {
            steps.push((number, step.clone()));
            if let Err(violation) = run.execute(number, &step).await {
                return vec![violation];
            }
        }
        run.end().await
    };
    let violations = AssertUnwindSafe(work).catch_unwind().await;
    let violations = violations.unwrap_or_else(|_| vec!["the code panicked".to_owned()]);
    Sequence { settings, steps, violations, coverage: run.coverage.clone(), faults: run.faults() }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in &self.steps {
            writeln!(f, "{number:>4}  {step}")?;
        }
        for violation in &self.violations {
            writeln!(f, "violation: {violation}")?;
        }
        let Settings { seed, number, .. } = self.settings;
        write!(f, "seed {seed}, sequence {number}, {} steps", self.steps.len())
    }
}

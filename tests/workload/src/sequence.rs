//! A sequence of steps from a seed, on a simulated system of its own.

use std::fmt;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use tokio::runtime::{Builder, Runtime};

use crate::coverage::Coverage;
use crate::generate::Generator;
use crate::run::Run;
use crate::simulated::Simulated;
use crate::step::Step;

/// Numbers of faults among a thousand calls of services; a sequence has one of them.
const FAULTS: [u64; 4] = [0, 0, 4, 15];

/// Settings of a sequence.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
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
/// If no runtime can be started.
#[must_use]
pub fn run(settings: Settings) -> Sequence {
    let mut generator = Generator::new(settings.seed());
    execute(settings, |number, run| {
        (number < settings.steps).then(|| (number, generator.next(number, run.model())))
    })
}

/// Executes these steps of a sequence again.
///
/// # Panics
/// If no runtime can be started.
#[must_use]
pub fn replay(settings: Settings, steps: &[(usize, Step)]) -> Sequence {
    execute(settings, |index, _| steps.get(index).cloned())
}

fn execute(
    settings: Settings,
    mut next: impl FnMut(usize, &Run<Simulated>) -> Option<(usize, Step)>,
) -> Sequence {
    let mut steps = Vec::new();
    let (violations, coverage, faults) = runtime().block_on(async {
        let mut run = Run::open(Simulated::open(settings.seed(), settings.faults()).await).await;
        let work = async {
            while let Some((number, step)) = next(steps.len(), &run) {
                steps.push((number, step.clone()));
                if let Err(violation) = run.execute(number, &step).await {
                    return vec![violation];
                }
            }
            run.end().await
        };
        let violations = AssertUnwindSafe(work).catch_unwind().await;
        let violations = violations.unwrap_or_else(|_| vec!["the code panicked".to_owned()]);
        (violations, run.coverage.clone(), run.faults())
    });
    Sequence { settings, steps, violations, coverage, faults }
}

/// Runtime whose time is paused: it passes only when every task waits for it.
fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().expect("the runtime starts")
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

//! Runs one schedule, and shortens a failing one.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::seeded_bug::SeededBug;
use crate::trace::Trace;
use crate::world::World;

/// Maximum number of steps before faults stop.
const MAX_FAULTY_STEPS: usize = 1_500;

/// Result of a schedule.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Seed of the decisions.
    pub seed: u64,
    /// Number of decisions.
    pub decisions: usize,
    /// Number of faulty calls.
    pub faults: u64,
    /// Number of crashed invocations.
    pub crashes: u64,
    /// Final statuses of the orders.
    pub final_statuses: Vec<String>,
    /// Trace of all steps.
    pub trace: Trace,
    /// Violations of invariants.
    pub violations: Vec<String>,
}

/// Runs the schedule of a seed.
#[must_use]
pub fn run(seed: u64, bug: Option<SeededBug>) -> Schedule {
    run_up_to(seed, bug, usize::MAX)
}

/// Runs the schedule of a seed with its first `limit` decisions, and without faults after them.
#[must_use]
pub fn run_up_to(seed: u64, bug: Option<SeededBug>, limit: usize) -> Schedule {
    let mut world = World::of(seed, limit, bug);
    let violations = catch_unwind(AssertUnwindSafe(|| run_world(&mut world)));
    let violations = violations.unwrap_or_else(|_| vec!["the code panicked".to_owned()]);
    Schedule {
        seed,
        decisions: world.decisions.made(),
        faults: world.faults,
        crashes: world.crashes,
        final_statuses: world.table.final_statuses(),
        trace: world.trace.clone(),
        violations,
    }
}

fn run_world(world: &mut World) -> Vec<String> {
    for _ in 0..MAX_FAULTY_STEPS {
        if !world.decisions.decides() || !world.step() {
            break;
        }
    }
    world.end()
}

impl Schedule {
    /// Reduces the number of decisions with which the schedule still fails. Bisection finds a short schedule,
    /// not always the shortest.
    #[must_use]
    pub fn shortened(self, bug: Option<SeededBug>) -> Self {
        let (mut passing, mut failing) = (0, self.clone());
        while failing.decisions > passing + 1 {
            let middle = passing.midpoint(failing.decisions);
            let tried = run_up_to(self.seed, bug, middle);
            if tried.violations.is_empty() || tried.decisions >= failing.decisions {
                passing = middle;
            } else {
                failing = tried;
            }
        }
        failing
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.trace.lines() {
            writeln!(f, "{line}")?;
        }
        for violation in &self.violations {
            writeln!(f, "violation: {violation}")?;
        }
        write!(f, "seed {}, {} decisions", self.seed, self.decisions)
    }
}

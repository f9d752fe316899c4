//! One schedule: a seed from its beginning to its verdict, and what it takes to show a failing one.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::seeded_bug::SeededBug;
use crate::trace::Trace;
use crate::world::World;

/// How many steps of a schedule things may go wrong in.
const STORM: usize = 1_500;

/// What came of a schedule.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// What made the decisions.
    pub seed: u64,
    /// How many decisions were made.
    pub decisions: usize,
    /// How many calls went wrong.
    pub faults: u64,
    /// How many invocations died in the middle of their work.
    pub crashes: u64,
    /// How the orders ended.
    pub ends: Vec<String>,
    /// What happened.
    pub trace: Trace,
    /// What should not be so.
    pub violations: Vec<String>,
}

/// Runs the schedule of a seed.
#[must_use]
pub fn run(seed: u64, plant: Option<SeededBug>) -> Schedule {
    run_up_to(seed, plant, usize::MAX)
}

/// Runs the schedule of a seed with its first `limit` decisions only; from then on everything goes as it should.
#[must_use]
pub fn run_up_to(seed: u64, plant: Option<SeededBug>, limit: usize) -> Schedule {
    let mut world = World::of(seed, limit, plant);
    let violations = catch_unwind(AssertUnwindSafe(|| live(&mut world)));
    let violations = violations.unwrap_or_else(|_| vec!["the code panicked".to_owned()]);
    Schedule {
        seed,
        decisions: world.chance.made(),
        faults: world.faults,
        crashes: world.crashes,
        ends: world.table.ends(),
        trace: world.trace.clone(),
        violations,
    }
}

fn live(world: &mut World) -> Vec<String> {
    for _ in 0..STORM {
        if !world.chance.decides() || !world.step() {
            break;
        }
    }
    world.end()
}

impl Schedule {
    /// The same with as few decisions as it takes to fail: found by halving, so that it is short and not surely the
    /// shortest.
    #[must_use]
    pub fn shortened(self, plant: Option<SeededBug>) -> Self {
        let (mut works, mut fails) = (0, self.clone());
        while fails.decisions > works + 1 {
            let middle = works.midpoint(fails.decisions);
            let tried = run_up_to(self.seed, plant, middle);
            if tried.violations.is_empty() || tried.decisions >= fails.decisions {
                works = middle;
            } else {
                fails = tried;
            }
        }
        fails
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

//! Many schedules, and what came of them together.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::schedule::{Schedule, run};
use crate::seeded_bug::SeededBug;

/// What came of many schedules.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// How many there were.
    pub schedules: u64,
    /// How many decisions they took.
    pub decisions: u64,
    /// How many calls went wrong.
    pub faults: u64,
    /// How many invocations died in the middle of their work.
    pub crashes: u64,
    /// How orders ended.
    pub ends: BTreeMap<String, u64>,
    /// The schedules that showed a violation, and with how many of them.
    pub failing: BTreeMap<u64, usize>,
}

/// Runs the schedules of these seeds, as many at once as the machine has processors.
#[must_use]
pub fn run_all(seeds: Range<u64>, plant: Option<SeededBug>) -> Figures {
    let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    run_on(processors, seeds, plant)
}

/// Runs the schedules of these seeds, so many at once.
///
/// # Panics
/// If a thread does, which takes more than a schedule that fails.
#[must_use]
pub fn run_on(threads: usize, seeds: Range<u64>, plant: Option<SeededBug>) -> Figures {
    let next = AtomicU64::new(seeds.start);
    let worker = || {
        let mut figures = Figures::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return figures;
            }
            figures.add(&run(seed, plant));
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let parts = workers.into_iter().map(|worker| worker.join().expect("a thread comes to its end"));
        parts.fold(Figures::default(), Figures::plus)
    })
}

impl Figures {
    /// Counts a schedule.
    pub fn add(&mut self, schedule: &Schedule) {
        self.schedules += 1;
        self.decisions += u64::try_from(schedule.decisions).unwrap_or_default();
        self.faults += schedule.faults;
        self.crashes += schedule.crashes;
        for end in &schedule.ends {
            *self.ends.entry(end.clone()).or_default() += 1;
        }
        if !schedule.violations.is_empty() {
            self.failing.insert(schedule.seed, schedule.violations.len());
        }
    }

    fn plus(mut self, other: Self) -> Self {
        self.schedules += other.schedules;
        self.decisions += other.decisions;
        self.faults += other.faults;
        self.crashes += other.crashes;
        for (end, count) in other.ends {
            *self.ends.entry(end).or_default() += count;
        }
        self.failing.extend(other.failing);
        self
    }

    /// How many violations there were.
    #[must_use]
    pub fn violations(&self) -> usize {
        self.failing.values().sum()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { schedules, decisions, faults, crashes, ends, failing } = self;
        write!(
            f,
            "{schedules} schedules, {decisions} decisions, {faults} faults, {crashes} crashes, orders:"
        )?;
        for (end, count) in ends {
            write!(f, " {count} {end}")?;
        }
        write!(f, ", {} violations", self.violations())?;
        if !failing.is_empty() {
            write!(f, " (seeds {:?})", failing.keys().collect::<Vec<_>>())?;
        }
        Ok(())
    }
}

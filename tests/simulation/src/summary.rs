//! Runs many schedules and summarises them.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::schedule::{Schedule, run};
use crate::seeded_bug::SeededBug;

/// Summary of many schedules.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Number of schedules.
    pub schedules: u64,
    /// Number of decisions.
    pub decisions: u64,
    /// Number of faulty calls.
    pub faults: u64,
    /// Number of crashed invocations.
    pub crashes: u64,
    /// Number of orders by final status.
    pub final_statuses: BTreeMap<String, u64>,
    /// Seeds of failing schedules with their number of violations.
    pub failing: BTreeMap<u64, usize>,
}

/// Runs the schedules of these seeds on all processors.
#[must_use]
pub fn run_all(seeds: Range<u64>, bug: Option<SeededBug>) -> Summary {
    let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    run_on(processors, seeds, bug)
}

/// Runs the schedules of these seeds on `threads` threads.
///
/// # Panics
/// If a thread panics outside a schedule.
#[must_use]
pub fn run_on(threads: usize, seeds: Range<u64>, bug: Option<SeededBug>) -> Summary {
    let next = AtomicU64::new(seeds.start);
    let worker = || {
        let mut summary = Summary::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return summary;
            }
            summary.add(&run(seed, bug));
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let parts = workers.into_iter().map(|worker| worker.join().expect("a worker does not panic"));
        parts.fold(Summary::default(), Summary::merge)
    })
}

impl Summary {
    /// Adds a schedule.
    pub fn add(&mut self, schedule: &Schedule) {
        self.schedules += 1;
        self.decisions += u64::try_from(schedule.decisions).unwrap_or_default();
        self.faults += schedule.faults;
        self.crashes += schedule.crashes;
        for end in &schedule.final_statuses {
            *self.final_statuses.entry(end.clone()).or_default() += 1;
        }
        if !schedule.violations.is_empty() {
            self.failing.insert(schedule.seed, schedule.violations.len());
        }
    }

    fn merge(mut self, other: Self) -> Self {
        self.schedules += other.schedules;
        self.decisions += other.decisions;
        self.faults += other.faults;
        self.crashes += other.crashes;
        for (end, count) in other.final_statuses {
            *self.final_statuses.entry(end).or_default() += count;
        }
        self.failing.extend(other.failing);
        self
    }

    /// Number of violations.
    #[must_use]
    pub fn violations(&self) -> usize {
        self.failing.values().sum()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { schedules, decisions, faults, crashes, final_statuses, failing } = self;
        write!(
            f,
            "{schedules} schedules, {decisions} decisions, {faults} faults, {crashes} crashes, orders:"
        )?;
        for (end, count) in final_statuses {
            write!(f, " {count} {end}")?;
        }
        write!(f, ", {} violations", self.violations())?;
        if !failing.is_empty() {
            write!(f, " (seeds {:?})", failing.keys().collect::<Vec<_>>())?;
        }
        Ok(())
    }
}

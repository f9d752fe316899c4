//! Runs a workload: cold starts, then rounds of warm invocations in which all implementations take turns, so
//! that disturbances of the machine affect all of them alike.

use std::time::Duration;

use serde_json::Value;

use crate::cli::Options;
use crate::fixture::Fixture;
use crate::implementations::Implementation;
use crate::procfs::Process;
use crate::request_counts::Cost;
use crate::runner::{Measurement, Runner, SimulatedLatency};
use crate::statistics::{Percentiles, SeriesStats, micros, rank};
use crate::workloads::Workload;

/// Invocations per round of an implementation: enough to make the boundaries negligible, few enough to
/// interleave closely.
const ROUND: usize = 20;

/// Invocations before the measured ones; they fill caches and rate-limit leases.
const WARM_UP_INVOCATIONS: usize = 50;

/// Number of invocations of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Cold starts.
    pub cold: usize,
    /// Warm invocations; a tenth of it for batches of ten.
    pub warm: usize,
}

impl Effort {
    /// Effort that the command line specifies.
    #[must_use]
    pub const fn of(options: &Options) -> Self {
        Self { cold: options.cold, warm: options.warm }
    }

    const fn warm_of(self, workload: &Workload) -> usize {
        self.warm / workload.batch_size
    }
}

/// State of the series of one implementation.
struct SeriesState<'a> {
    runner: &'a Runner,
    binary: (Implementation, &'static str),
    events: Vec<Value>,
    cold: Vec<Measurement>,
    warm: Vec<Measurement>,
    cpu: Duration,
    peak: u64,
}

/// Runs a workload with every implementation on each of these fixtures; results are in the order of the
/// fixtures.
///
/// # Panics
/// If a response is not the expected one.
pub async fn run(
    workload: &Workload,
    fixtures: &[(&Fixture, &Runner)],
    latency: SimulatedLatency,
    effort: Effort,
) -> Vec<SeriesStats> {
    let mut states = Vec::new();
    for (fixture, runner) in fixtures {
        for binary in workload.binaries.iter().filter(|(implementation, _)| runner.has(*implementation)) {
            let warm_up = if effort.warm == 0 { 0 } else { WARM_UP_INVOCATIONS / workload.batch_size };
            let count = effort.cold + warm_up + effort.warm_of(workload);
            let events = workload.events(fixture, count).await;
            let (cold, warm) = (Vec::new(), Vec::new());
            states.push(SeriesState {
                runner,
                binary: *binary,
                events,
                cold,
                warm,
                cpu: Duration::ZERO,
                peak: 0,
            });
        }
    }
    for _ in 0..effort.cold {
        for state in &mut states {
            state.runner.restart_cold(state.binary).await;
            let measurement = state.next(workload).await;
            state.cold.push(measurement);
        }
    }
    for state in &mut states {
        while state.events.len() > effort.warm_of(workload) {
            state.next(workload).await;
        }
    }
    while states.iter().any(|state| !state.events.is_empty()) {
        for state in &mut states {
            state.run_round(workload).await;
        }
    }
    states.into_iter().map(|state| state.into_stats(workload, latency)).collect()
}

impl SeriesState<'_> {
    async fn next(&mut self, workload: &Workload) -> Measurement {
        let event = self.events.pop().expect("there are as many events as invocations");
        let measurement = self.runner.invoke(self.binary, &event).await;
        let (implementation, response) = (self.binary.0.name(), &measurement.response);
        assert!((workload.is_expected)(response), "{} by {implementation}: {response}", workload.name);
        if let Some(peak) = self.runner.process(self.binary).and_then(Process::peak) {
            self.peak = self.peak.max(peak);
        }
        measurement
    }

    /// Runs several invocations in a row, and measures their total CPU time.
    async fn run_round(&mut self, workload: &Workload) {
        let process = self.runner.process(self.binary);
        let cpu = || process.and_then(Process::cpu);
        let before = cpu();
        for _ in 0..ROUND.min(self.events.len()) {
            let measurement = self.next(workload).await;
            self.warm.push(measurement);
        }
        if let (Some(before), Some(after)) = (before, cpu()) {
            self.cpu += after.saturating_sub(before);
        }
    }

    fn into_stats(self, workload: &Workload, latency: SimulatedLatency) -> SeriesStats {
        let invocations = u64::try_from(self.warm.len()).unwrap_or(u64::MAX);
        let mut requests: Vec<u64> = self.warm.iter().map(|measurement| measurement.cost.all()).collect();
        requests.sort_unstable();
        SeriesStats {
            workload: workload.name.to_owned(),
            implementation: self.binary.0,
            latency,
            cold: Percentiles::of(self.cold.iter().map(|measurement| measurement.wall).collect()),
            first: Percentiles::of(self.cold.iter().map(|measurement| measurement.handled).collect()),
            warm: Percentiles::of(self.warm.iter().map(|measurement| measurement.wall).collect()),
            own: Percentiles::of(self.warm.iter().map(|measurement| measurement.own).collect()),
            cpu: micros(self.cpu).checked_div(invocations),
            peak: self.peak,
            invocations,
            requests: rank(&requests, 50).copied().unwrap_or_default(),
            cost: self.warm.iter().fold(Cost::default(), |sum, measurement| sum.plus(&measurement.cost)),
        }
    }
}

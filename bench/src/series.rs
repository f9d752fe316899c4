//! Running a workload: cold starts, then rounds of warm invocations in which everybody has a turn, so that whatever else the
//! machine does concerns all of them alike.

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

/// Invocations of one turn: enough for what happens at its edges to be little, few enough for turns to be close together.
const TURN: usize = 20;

/// Invocations that come before those that are measured: caches and leases of grants are filled by then.
const WARMING: usize = 50;

/// How often something is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Cold starts.
    pub cold: usize,
    /// Warm invocations; of batches, a tenth of that.
    pub warm: usize,
}

impl Effort {
    /// As the command line has it.
    #[must_use]
    pub const fn of(how: &Options) -> Self {
        Self { cold: how.cold, warm: how.warm }
    }

    const fn warm_of(self, workload: &Workload) -> usize {
        self.warm / workload.pieces
    }
}

/// What one of those who take part has done so far.
struct SeriesState<'a> {
    theatre: &'a Runner,
    who: (Implementation, &'static str),
    events: Vec<Value>,
    cold: Vec<Measurement>,
    warm: Vec<Measurement>,
    cpu: Duration,
    peak: u64,
}

/// Runs a workload at a distance, on each of these stages; the figures are in their order.
///
/// # Panics
/// If somebody does not answer as it should.
pub async fn run(
    workload: &Workload,
    stages: &[(&Fixture, &Runner)],
    distance: SimulatedLatency,
    effort: Effort,
) -> Vec<SeriesStats> {
    let mut cast = Vec::new();
    for (stage, theatre) in stages {
        for who in workload.done_by.iter().filter(|(subject, _)| theatre.has(*subject)) {
            let warming = if effort.warm == 0 { 0 } else { WARMING / workload.pieces };
            let count = effort.cold + warming + effort.warm_of(workload);
            let events = workload.events(stage, count).await;
            let (cold, warm) = (Vec::new(), Vec::new());
            cast.push(SeriesState { theatre, who: *who, events, cold, warm, cpu: Duration::ZERO, peak: 0 });
        }
    }
    for _ in 0..effort.cold {
        for turns in &mut cast {
            turns.theatre.restart_cold(turns.who).await;
            let taken = turns.next(workload).await;
            turns.cold.push(taken);
        }
    }
    for turns in &mut cast {
        while turns.events.len() > effort.warm_of(workload) {
            turns.next(workload).await;
        }
    }
    while cast.iter().any(|turns| !turns.events.is_empty()) {
        for turns in &mut cast {
            turns.take_turn(workload).await;
        }
    }
    cast.into_iter().map(|turns| turns.into_figures(workload, distance)).collect()
}

impl SeriesState<'_> {
    async fn next(&mut self, workload: &Workload) -> Measurement {
        let event = self.events.pop().expect("there are as many events as invocations");
        let taken = self.theatre.invoke(self.who, &event).await;
        let (subject, answer) = (self.who.0.name(), &taken.answer);
        assert!((workload.holds)(answer), "{} by {subject}: {answer}", workload.name);
        if let Some(peak) = self.theatre.process(self.who).and_then(Process::peak) {
            self.peak = self.peak.max(peak);
        }
        taken
    }

    /// Some invocations in a row, with the processor time that they took together.
    async fn take_turn(&mut self, workload: &Workload) {
        let process = self.theatre.process(self.who);
        let cpu = || process.and_then(Process::cpu);
        let before = cpu();
        for _ in 0..TURN.min(self.events.len()) {
            let taken = self.next(workload).await;
            self.warm.push(taken);
        }
        if let (Some(before), Some(after)) = (before, cpu()) {
            self.cpu += after.saturating_sub(before);
        }
    }

    fn into_figures(self, workload: &Workload, distance: SimulatedLatency) -> SeriesStats {
        let invocations = u64::try_from(self.warm.len()).unwrap_or(u64::MAX);
        let mut requests: Vec<u64> = self.warm.iter().map(|taken| taken.cost.all()).collect();
        requests.sort_unstable();
        SeriesStats {
            workload: workload.name.to_owned(),
            subject: self.who.0,
            distance,
            cold: Percentiles::of(self.cold.iter().map(|taken| taken.wall).collect()),
            first: Percentiles::of(self.cold.iter().map(|taken| taken.handled).collect()),
            warm: Percentiles::of(self.warm.iter().map(|taken| taken.wall).collect()),
            own: Percentiles::of(self.warm.iter().map(|taken| taken.own).collect()),
            cpu: micros(self.cpu).checked_div(invocations),
            peak: self.peak,
            invocations,
            requests: rank(&requests, 50).copied().unwrap_or_default(),
            cost: self.warm.iter().fold(Cost::default(), |sum, taken| sum.plus(&taken.cost)),
        }
    }
}

//! Scaling benchmark: the same operations on tables with a thousand, a hundred thousand and a million items,
//! and on queues of increasing length.

pub mod backlog;
mod chart;
mod generator;
mod operations;

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

use local::faults::TlsError;

use crate::cli::Options;
use crate::fixture::Fixture;
use crate::runner::{Runner, SimulatedLatency};
use crate::series::{self, Effort};
use crate::statistics::{Percentiles, Record, SeriesStats, decimal, hundredths, millis};
use crate::targets::TargetResult;
use backlog::Backlog;
pub use backlog::LENGTHS;
pub use chart::ChartError;
use generator::ItemGenerator;

/// Numbers of items in the measured tables.
pub const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];

/// Maximum ratio of p99 on the largest table to p99 on the smallest, in hundredths.
const MAX_P99_GROWTH: u64 = 120;

/// Maximum ratio of units, in hundredths: with a thousand items not every shard of a list has a full page,
/// and items differ in size. Units that grow with the table would differ by factors of hundreds.
const MAX_UNIT_GROWTH: u64 = 150;

/// Maximum ratio of requests, in hundredths: it depends on timing which outcomes of a batch share a commit.
/// One more request of an operation with few requests exceeds it.
const MAX_REQUEST_GROWTH: u64 = 120;

/// Path of the chart.
pub const CHART: &str = "docs/growth.svg";

/// Results of the scaling benchmark.
#[derive(Debug, Default)]
pub struct Scaling {
    /// Number of items in each table.
    pub sizes: Vec<usize>,
    /// Results of each operation on each table.
    pub operations: Vec<Vec<SeriesStats>>,
    /// Results on each queue.
    pub queues: Vec<Backlog>,
}

/// Measures all operations on tables of these `sizes`, interleaved, and then consumers of queues of these
/// `lengths` with the largest table.
///
/// # Errors
/// [`ScalingError`].
pub async fn measure(options: &Options, sizes: &[usize], lengths: &[usize]) -> Result<Scaling, ScalingError> {
    let record = Record::create()?;
    let mut tables = Vec::new();
    for size in sizes {
        let fixture = Box::pin(Fixture::with_paused_streams(&options.functions())).await;
        let mut generator = Box::pin(ItemGenerator::new(&fixture, SEED)).await;
        generator.grow(&fixture, *size).await;
        let runner = Runner::open(&fixture, options, SimulatedLatency::REGION)?;
        eprintln!("[scaling] {size} items");
        tables.push((fixture, runner, generator));
    }
    let fixtures: Vec<_> = tables.iter().map(|(fixture, runner, _)| (fixture, runner)).collect();
    let effort = Effort { cold: 0, warm: options.warm };
    let mut scaling = Scaling { sizes: sizes.to_vec(), ..Scaling::default() };
    for operation in &operations::ALL {
        let stats = series::run(operation, &fixtures, SimulatedLatency::REGION, effort).await;
        stats.iter().try_for_each(|stats| record.add(stats))?;
        scaling.operations.push(stats);
        eprintln!("[scaling] {}", operation.name);
    }
    if let Some((fixture, runner, generator)) = tables.last_mut() {
        for length in lengths {
            scaling.queues.push(Box::pin(backlog::measure(fixture, runner, generator, *length)).await);
            eprintln!("[scaling] {length} messages");
        }
    }
    for (_, runner, _) in tables {
        runner.close().await;
    }
    Ok(scaling)
}

/// Seed of the generator.
const SEED: u64 = 1;

/// Error of the scaling benchmark.
#[derive(Debug, thiserror::Error)]
pub enum ScalingError {
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The record cannot be written.
    #[error(transparent)]
    File(#[from] io::Error),
}

/// Results of an operation on the smallest and on the largest table.
struct Extremes<'a> {
    smallest: &'a SeriesStats,
    largest: &'a SeriesStats,
}

impl Extremes<'_> {
    /// Returns true if requests and units stay within the maximum ratios.
    fn is_constant(&self) -> bool {
        let units = hundredths(units(self.largest), units(self.smallest));
        let requests = hundredths(self.largest.requests, self.smallest.requests);
        requests.is_none_or(|ratio| ratio <= MAX_REQUEST_GROWTH)
            && units.is_none_or(|ratio| ratio <= MAX_UNIT_GROWTH)
    }

    /// Ratio of p99 on the largest table to p99 on the smallest, in hundredths.
    fn slowdown(&self) -> Option<u64> {
        hundredths(self.largest.warm?.p99, self.smallest.warm?.p99)
    }

    /// Ratio of the function's own CPU time on the largest table to that on the smallest, in hundredths. The
    /// rest of a slowdown is due to the table.
    fn cpu_ratio(&self) -> Option<u64> {
        hundredths(self.largest.cpu?, self.smallest.cpu?)
    }
}

/// Mean units of an invocation, in hundredths.
fn units(stats: &SeriesStats) -> u64 {
    let units = stats.cost.read + stats.cost.written;
    hundredths(units.as_half_units(), stats.invocations * 2).unwrap_or(0)
}

impl Scaling {
    /// Result of each target.
    #[must_use]
    pub fn target_results(&self) -> Vec<TargetResult> {
        let mut all = Vec::new();
        let (mut growing, mut slowest) = (Vec::new(), (0, String::new()));
        for operation in &self.operations {
            let Some((smallest, largest)) = operation.first().zip(operation.last()) else { continue };
            let extremes = Extremes { smallest, largest };
            if !extremes.is_constant() {
                growing.push(smallest.workload.clone());
            }
            if let Some(ratio) = extremes.slowdown()
                && ratio > slowest.0
            {
                slowest = (ratio, smallest.workload.clone());
            }
        }
        let count = self.operations.len();
        let measured = if growing.is_empty() {
            format!("all {count} operations")
        } else {
            format!("different: {}", growing.join(", "))
        };
        all.push(TargetResult {
            target: "requests and units of every operation: the same with a thousand and a million items",
            measured: (count > 0).then_some(measured),
            met: growing.is_empty(),
        });
        all.push(TargetResult {
            target: "p99 with a million items: at most 1.20 × p99 with a thousand",
            measured: (count > 0).then(|| format!("at most {} × ({})", decimal(slowest.0), slowest.1)),
            met: slowest.0 <= MAX_P99_GROWTH,
        });
        all.push(self.queue_target());
        all
    }

    fn queue_target(&self) -> TargetResult {
        let median = |backlog: Option<&Backlog>| backlog?.message.map(|message: Percentiles| message.p50);
        let medians = median(self.queues.first()).zip(median(self.queues.last()));
        let ratio = medians.and_then(|(short, long)| hundredths(long, short));
        TargetResult {
            target: "consumer time per message with 100,000 waiting: at most 1.20 × that with 100 waiting",
            measured: ratio.map(|ratio| format!("{} ×", decimal(ratio))),
            met: ratio.is_some_and(|ratio| ratio <= MAX_P99_GROWTH),
        }
    }

    /// Markdown tables of the results.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = "| operation |".to_owned();
        for size in &self.sizes {
            let _ = write!(text, " {size} items: requests | units | p50 | p99 |");
        }
        text.push_str(" p99 × | CPU × |\n|---|");
        text.push_str(&"---:|".repeat(self.sizes.len() * 4 + 2));
        text.push('\n');
        for operation in &self.operations {
            let Some((smallest, largest)) = operation.first().zip(operation.last()) else { continue };
            let _ = write!(text, "| {} |", smallest.workload);
            for one in operation {
                let (p50, p99) = one.warm.map_or((0, 0), |warm| (warm.p50, warm.p99));
                let units = decimal(units(one));
                let _ = write!(text, " {} | {units} | {} | {} |", one.requests, millis(p50), millis(p99));
            }
            let extremes = Extremes { smallest, largest };
            let [slowdown, cpu] = [extremes.slowdown(), extremes.cpu_ratio()]
                .map(|ratio| ratio.map_or_else(|| "–".to_owned(), decimal));
            let _ = writeln!(text, " {slowdown} | {cpu} |");
        }
        text.push_str("\n| waiting messages | handled | requests | p50 per message | p99 |\n");
        text.push_str("|---:|---:|---:|---:|---:|\n");
        for Backlog { waiting, handled, message, requests } in &self.queues {
            let (p50, p99) = message.map_or((0, 0), |message| (message.p50, message.p99));
            let _ =
                writeln!(text, "| {waiting} | {handled} | {requests} | {} | {} |", millis(p50), millis(p99));
        }
        text
    }

    /// Draws the chart.
    ///
    /// # Errors
    /// [`ChartError`].
    pub fn draw(&self) -> Result<(), ChartError> {
        let file: PathBuf = test_support::workspace(CHART);
        chart::draw(&file, &self.operations, &self.sizes)
    }
}

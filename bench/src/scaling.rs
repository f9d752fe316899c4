//! Growth: the same work on tables of a thousand, a hundred thousand and a million items, and on queues as long.

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

/// How many items a table holds.
pub const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];

/// What p99 on the largest table may be of p99 on the smallest, in hundredths.
const SLOWER: u64 = 120;

/// What units may be, in hundredths: in a thousand items not every shard of a list has a full page, and things are of different
/// length. What grows with the table would be hundreds of times as much.
const MORE: u64 = 125;

/// What requests may be, in hundredths: which answers of ten are noted in one commit is a matter of chance as well. One request
/// more where there are few is beyond that.
const MAX_REQUEST_GROWTH: u64 = 120;

/// Where the chart is.
pub const CHART: &str = "docs/growth.svg";

/// What was measured.
#[derive(Debug, Default)]
pub struct Growth {
    /// How many items each table holds.
    pub sizes: Vec<usize>,
    /// Each probe on each table.
    pub probes: Vec<Vec<SeriesStats>>,
    /// On each queue.
    pub queues: Vec<Backlog>,
}

/// Measures on tables of these `sizes`, which take turns, and then on queues of these `lengths` beside the last of them.
///
/// # Errors
/// If the record cannot be written.
pub async fn measure(how: &Options, sizes: &[usize], lengths: &[usize]) -> Result<Growth, GrowthError> {
    let record = Record::begin()?;
    let mut tables = Vec::new();
    for size in sizes {
        let stage = Box::pin(Fixture::with_paused_streams(&how.functions())).await;
        let mut crowd = Box::pin(ItemGenerator::gather(&stage, SEED)).await;
        crowd.grow(&stage, *size).await;
        let theatre = Runner::open(&stage, how, SimulatedLatency::REGION)?;
        eprintln!("[growth] {size} items");
        tables.push((stage, theatre, crowd));
    }
    let stages: Vec<_> = tables.iter().map(|(stage, theatre, _)| (stage, theatre)).collect();
    let effort = Effort { cold: 0, warm: how.warm };
    let mut growth = Growth { sizes: sizes.to_vec(), ..Growth::default() };
    for probe in &operations::ALL {
        let figures = series::run(probe, &stages, SimulatedLatency::REGION, effort).await;
        figures.iter().try_for_each(|figures| record.add(figures))?;
        growth.probes.push(figures);
        eprintln!("[growth] {}", probe.name);
    }
    if let Some((stage, theatre, crowd)) = tables.last_mut() {
        for length in lengths {
            growth.queues.push(Box::pin(backlog::measure((stage, theatre), crowd, *length)).await);
            eprintln!("[growth] {length} messages");
        }
    }
    for (_, theatre, _) in tables {
        theatre.close().await;
    }
    Ok(growth)
}

/// What decides on everything that is left to chance.
const SEED: u64 = 1;

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum GrowthError {
    /// There is to be TLS, and is none.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The record cannot be written.
    #[error(transparent)]
    File(#[from] io::Error),
}

/// A probe on the smallest table and on the largest.
struct Ends<'a> {
    least: &'a SeriesStats,
    most: &'a SeriesStats,
}

impl Ends<'_> {
    /// Whether it takes the same requests and the same units, but for chance.
    fn is_constant(&self) -> bool {
        let units = hundredths(units(self.most), units(self.least));
        let requests = hundredths(self.most.requests, self.least.requests);
        requests.is_none_or(|share| share <= MAX_REQUEST_GROWTH) && units.is_none_or(|share| share <= MORE)
    }

    /// p99 on the largest table, in hundredths of that on the smallest.
    fn slowdown(&self) -> Option<u64> {
        hundredths(self.most.warm?.p99, self.least.warm?.p99)
    }

    /// The processor time that the function itself takes on the largest table, in hundredths of that on the smallest: the rest
    /// of a slowdown is the table's.
    fn work(&self) -> Option<u64> {
        hundredths(self.most.cpu?, self.least.cpu?)
    }
}

/// Units of an invocation, in hundredths.
fn units(figures: &SeriesStats) -> u64 {
    let units = figures.cost.read + figures.cost.written;
    hundredths(units.in_halves(), figures.invocations * 2).unwrap_or(0)
}

impl Growth {
    /// Each target with how far it is met.
    #[must_use]
    pub fn verdicts(&self) -> Vec<TargetResult> {
        let mut all = Vec::new();
        let (mut uneven, mut slowest) = (Vec::new(), (0, String::new()));
        for probe in &self.probes {
            let Some((least, most)) = probe.first().zip(probe.last()) else { continue };
            let ends = Ends { least, most };
            if !ends.is_constant() {
                uneven.push(least.workload.clone());
            }
            if let Some(share) = ends.slowdown()
                && share > slowest.0
            {
                slowest = (share, least.workload.clone());
            }
        }
        let count = self.probes.len();
        let told = if uneven.is_empty() {
            format!("all {count} operations")
        } else {
            format!("not so: {}", uneven.join(", "))
        };
        all.push(TargetResult {
            target: "requests and units of every operation: the same with a thousand items and a million",
            measured: (count > 0).then_some(told),
            met: uneven.is_empty(),
        });
        all.push(TargetResult {
            target: "p99 with a million items: at most 1.20 × p99 with a thousand",
            measured: (count > 0).then(|| format!("{} × at most, {}", decimal(slowest.0), slowest.1)),
            met: slowest.0 <= SLOWER,
        });
        all.push(self.queue());
        all
    }

    fn queue(&self) -> TargetResult {
        let of = |backlog: Option<&Backlog>| backlog?.message.map(|message: Percentiles| message.p50);
        let share = of(self.queues.first()).zip(of(self.queues.last()));
        let share = share.and_then(|(short, long)| hundredths(long, short));
        TargetResult {
            target: "a consumer's time for a message with 100,000 waiting: at most 1.20 × that with 100",
            measured: share.map(|share| format!("{} ×", decimal(share))),
            met: share.is_some_and(|share| share <= SLOWER),
        }
    }

    /// As tables, in Markdown.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = "| operation |".to_owned();
        for size in &self.sizes {
            let _ = write!(text, " {size} items: requests | units | p50 | p99 |");
        }
        text.push_str(" p99 × | CPU × |\n|---|");
        text.push_str(&"---:|".repeat(self.sizes.len() * 4 + 2));
        text.push('\n');
        for probe in &self.probes {
            let Some((least, most)) = probe.first().zip(probe.last()) else { continue };
            let _ = write!(text, "| {} |", least.workload);
            for one in probe {
                let (p50, p99) = one.warm.map_or((0, 0), |warm| (warm.p50, warm.p99));
                let units = decimal(units(one));
                let _ = write!(text, " {} | {units} | {} | {} |", one.requests, millis(p50), millis(p99));
            }
            let ends = Ends { least, most };
            let [slowdown, work] =
                [ends.slowdown(), ends.work()].map(|share| share.map_or_else(|| "–".to_owned(), decimal));
            let _ = writeln!(text, " {slowdown} | {work} |");
        }
        text.push_str("\n| messages that wait | handled | requests | a message, p50 | p99 |\n|---:|---:|---:|---:|---:|\n");
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
        chart::draw(&file, &self.probes, &self.sizes)
    }
}

//! Markdown tables of the results.

use std::fmt::Write as _;

use crate::binary_size::Size;
use crate::implementations::Implementation;
use crate::runner::SimulatedLatency;
use crate::statistics::{Percentiles, Results, SeriesStats, decimal, hundredths, millis};
use crate::targets::TargetResult;
use crate::workloads::{self, COUNT_TEN, GET_ORDER, PLACE_ORDER, Workload};

/// Table of the targets with the measured values.
#[must_use]
pub fn target_results(target_results: &[TargetResult]) -> String {
    let mut table = "| target | measured | met |\n|---|---|---|\n".to_owned();
    for TargetResult { target, measured, met } in target_results {
        let (measured, met) = match measured {
            Some(measured) => (measured.as_str(), if *met { "yes" } else { "**no**" }),
            None => ("not measured", ""),
        };
        let _ = writeln!(table, "| {target} | {measured} | {met} |");
    }
    table
}

/// One table of times for each workload.
#[must_use]
pub fn times(results: &Results) -> String {
    let mut text = String::new();
    for workload in &workloads::ALL {
        let all: Vec<&SeriesStats> =
            results.all.iter().filter(|stats| stats.workload == workload.name).collect();
        if !all.is_empty() {
            let table = table(workload, &all);
            let _ = writeln!(text, "**{}**: {}\n\n{table}", workload.name, workload.description);
        }
    }
    text
}

fn table(workload: &Workload, stats: &[&SeriesStats]) -> String {
    let mut table =
        "| latency | implementation | cold | first | p50 | p90 | p99 | own p50 | CPU, µs | × no-op | MiB | requests | units |\n\
         |---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
            .to_owned();
    for one in stats {
        let no_op = stats
            .iter()
            .find(|other| other.implementation == Implementation::NoOp && other.latency == one.latency)
            .and_then(|no_op| no_op.cpu);
        let times_no_op = one.cpu.zip(no_op).and_then(|(own, no_op)| hundredths(own, no_op)).map(decimal);
        let warm = |of: fn(Percentiles) -> u64| cell(one.warm.map(of).map(millis));
        let units = one.cost.read + one.cost.written;
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            one.latency,
            one.implementation.name(),
            cell(one.cold.map(|cold| millis(cold.p50))),
            cell(one.first.map(|first| millis(first.p50))),
            warm(|percentiles| percentiles.p50),
            warm(|percentiles| percentiles.p90),
            warm(|percentiles| percentiles.p99),
            cell(one.own.map(|own| millis(own.p50))),
            cell(one.cpu.map(|cpu| cpu.to_string())),
            cell(times_no_op),
            decimal(one.peak * 100 / 1024),
            one.requests,
            cell(hundredths(units.as_half_units(), one.invocations * 2).map(decimal)),
        );
    }
    let note = if workload.batch_size == 1 { "" } else { "Each invocation processes a whole batch.\n" };
    format!("{table}{note}")
}

fn cell(text: Option<String>) -> String {
    text.unwrap_or_else(|| "–".to_owned())
}

/// Formats one result of a series.
type CellFormatter = fn(&SeriesStats) -> Option<String>;

/// Rows of the summary.
const SUMMARY: [(&str, Workload, SimulatedLatency, CellFormatter); 8] = [
    ("cold start over TLS, one order read, ms", GET_ORDER, SimulatedLatency::TLS, cold),
    ("cold start without TLS, ms", GET_ORDER, SimulatedLatency::NONE, cold),
    ("one order read, CPU time, µs", GET_ORDER, SimulatedLatency::NONE, cpu),
    ("one order placed, p50 with 3 ms service latency, ms", PLACE_ORDER, SimulatedLatency::REGION, p50),
    ("one order placed, CPU time, µs", PLACE_ORDER, SimulatedLatency::NONE, cpu),
    (
        "ten messages, exactly-once effects, p50 with 3 ms service latency, ms",
        COUNT_TEN,
        SimulatedLatency::REGION,
        p50,
    ),
    ("ten messages, CPU time, µs", COUNT_TEN, SimulatedLatency::NONE, cpu),
    ("peak memory, placing orders, MiB", PLACE_ORDER, SimulatedLatency::NONE, peak),
];

fn cold(stats: &SeriesStats) -> Option<String> {
    stats.cold.map(|cold| millis(cold.p50))
}

fn p50(stats: &SeriesStats) -> Option<String> {
    stats.warm.map(|warm| millis(warm.p50))
}

fn cpu(stats: &SeriesStats) -> Option<String> {
    stats.cpu.map(|cpu| cpu.to_string())
}

fn peak(stats: &SeriesStats) -> Option<String> {
    (stats.peak > 0).then(|| decimal(stats.peak * 100 / 1024))
}

/// Summary table of the most important results of all implementations.
#[must_use]
pub fn summary(results: &Results) -> String {
    let compared =
        [Implementation::Ours, Implementation::HandTuned, Implementation::Plain, Implementation::Node];
    let names = compared.map(Implementation::name).join(" | ");
    let mut table = format!("| | {names} |\n|---|---:|---:|---:|---:|\n");
    for (description, workload, latency, format) in &SUMMARY {
        let value =
            |implementation| cell(results.of(workload.name, implementation, *latency).and_then(*format));
        let _ = writeln!(table, "| {description} | {} |", compared.map(value).join(" | "));
    }
    table
}

/// Table of the memory and the size of every function.
#[must_use]
pub fn footprints(sizes: &[Size], peaks: &[(String, u64)]) -> String {
    let mut table = "| function | zip, MB | binary, MB | peak, MiB |\n|---|---:|---:|---:|\n".to_owned();
    for Size { function, binary, zip } in sizes {
        let peak = peaks.iter().find(|(name, _)| name == function).map(|(_, peak)| *peak);
        let peak = cell(peak.map(|peak| decimal(peak * 100 / 1024)));
        let (zip, binary) = (decimal(zip / 10_000), decimal(binary / 10_000));
        let _ = writeln!(table, "| `{function}` | {zip} | {binary} | {peak} |");
    }
    table
}

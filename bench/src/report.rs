//! Tables that people read, in Markdown.

use std::fmt::Write as _;

use crate::binary_size::Size;
use crate::implementations::Implementation;
use crate::runner::SimulatedLatency;
use crate::statistics::{Percentiles, Results, SeriesStats, decimal, hundredths, millis};
use crate::targets::TargetResult;
use crate::workloads::{self, COUNT_TEN, GET_ORDER, PLACE_ORDER, Workload};

/// The targets, with what was measured.
#[must_use]
pub fn verdicts(verdicts: &[TargetResult]) -> String {
    let mut table = "| target | measured | met |\n|---|---|---|\n".to_owned();
    for TargetResult { target, measured, met } in verdicts {
        let (measured, met) = match measured {
            Some(measured) => (measured.as_str(), if *met { "yes" } else { "**no**" }),
            None => ("not measured", ""),
        };
        let _ = writeln!(table, "| {target} | {measured} | {met} |");
    }
    table
}

/// The times of every workload, one table each.
#[must_use]
pub fn times(results: &Results) -> String {
    let mut text = String::new();
    for workload in &workloads::ALL {
        let of: Vec<&SeriesStats> =
            results.all.iter().filter(|figures| figures.workload == workload.name).collect();
        if !of.is_empty() {
            let _ = writeln!(text, "**{}**: {}\n\n{}", workload.name, workload.says, table(workload, &of));
        }
    }
    text
}

fn table(workload: &Workload, figures: &[&SeriesStats]) -> String {
    let mut table =
        "| distance | who | cold | first | p50 | p90 | p99 | own p50 | CPU, µs | × bare | MiB | requests | units |\n\
         |---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
            .to_owned();
    for one in figures {
        let bare = figures
            .iter()
            .find(|other| other.subject == Implementation::Bare && other.distance == one.distance)
            .and_then(|bare| bare.cpu);
        let times_bare = one.cpu.zip(bare).and_then(|(own, bare)| hundredths(own, bare)).map(decimal);
        let warm = |of: fn(Percentiles) -> u64| shown(one.warm.map(of).map(millis));
        let units = one.cost.read + one.cost.written;
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            one.distance,
            one.subject.name(),
            shown(one.cold.map(|cold| millis(cold.p50))),
            shown(one.first.map(|first| millis(first.p50))),
            warm(|spread| spread.p50),
            warm(|spread| spread.p90),
            warm(|spread| spread.p99),
            shown(one.own.map(|own| millis(own.p50))),
            shown(one.cpu.map(|cpu| cpu.to_string())),
            shown(times_bare),
            decimal(one.peak * 100 / 1024),
            one.requests,
            shown(hundredths(units.in_halves(), one.invocations * 2).map(decimal)),
        );
    }
    let pieces = if workload.pieces == 1 { "" } else { "Each invocation is a whole batch.\n" };
    format!("{table}{pieces}")
}

fn shown(text: Option<String>) -> String {
    text.unwrap_or_else(|| "–".to_owned())
}

/// One figure of a series, told.
type Told = fn(&SeriesStats) -> Option<String>;

/// What is said first, to whoever has no time for all of it.
const SUMMARY: [(&str, Workload, SimulatedLatency, Told); 8] = [
    ("cold start over TLS, one order read, ms", GET_ORDER, SimulatedLatency::TLS, cold),
    ("cold start without TLS, ms", GET_ORDER, SimulatedLatency::NONE, cold),
    ("one order read, processor time, µs", GET_ORDER, SimulatedLatency::NONE, cpu),
    ("one order placed, p50 with services 3 ms away, ms", PLACE_ORDER, SimulatedLatency::REGION, p50),
    ("one order placed, processor time, µs", PLACE_ORDER, SimulatedLatency::NONE, cpu),
    (
        "ten messages, each effect once, p50 with services 3 ms away, ms",
        COUNT_TEN,
        SimulatedLatency::REGION,
        p50,
    ),
    ("ten messages, processor time, µs", COUNT_TEN, SimulatedLatency::NONE, cpu),
    ("peak memory, placing orders, MiB", PLACE_ORDER, SimulatedLatency::NONE, peak),
];

fn cold(figures: &SeriesStats) -> Option<String> {
    figures.cold.map(|cold| millis(cold.p50))
}

fn p50(figures: &SeriesStats) -> Option<String> {
    figures.warm.map(|warm| millis(warm.p50))
}

fn cpu(figures: &SeriesStats) -> Option<String> {
    figures.cpu.map(|cpu| cpu.to_string())
}

fn peak(figures: &SeriesStats) -> Option<String> {
    (figures.peak > 0).then(|| decimal(figures.peak * 100 / 1024))
}

/// The figures that matter most, of ours and of what it is compared with.
#[must_use]
pub fn summary(results: &Results) -> String {
    let compared = [Implementation::Ours, Implementation::Best, Implementation::Plain, Implementation::Node];
    let names = compared.map(Implementation::name).join(" | ");
    let mut table = format!("| | {names} |\n|---|---:|---:|---:|---:|\n");
    for (says, workload, distance, told) in &SUMMARY {
        let figure = |subject| shown(results.of(workload.name, subject, *distance).and_then(*told));
        let _ = writeln!(table, "| {says} | {} |", compared.map(figure).join(" | "));
    }
    table
}

/// Memory and size of every function.
#[must_use]
pub fn footprints(sizes: &[Size], peaks: &[(String, u64)]) -> String {
    let mut table = "| function | zip, MB | binary, MB | peak, MiB |\n|---|---:|---:|---:|\n".to_owned();
    for Size { function, binary, zip } in sizes {
        let peak = peaks.iter().find(|(name, _)| name == function).map(|(_, peak)| *peak);
        let peak = shown(peak.map(|peak| decimal(peak * 100 / 1024)));
        let (zip, binary) = (decimal(zip / 10_000), decimal(binary / 10_000));
        let _ = writeln!(table, "| `{function}` | {zip} | {binary} | {peak} |");
    }
    table
}

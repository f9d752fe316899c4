//! Comparison of two builds of the functions: cold starts, measured alternately, and zip sizes.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use crate::binary_size::Size;
use crate::cli::Options;
use crate::error::CommandError;
use crate::fixture::Fixture;
use crate::implementations::Implementation;
use crate::runner::{Runner, SimulatedLatency};
use crate::series::{self, Effort};
use crate::statistics::{SeriesStats, decimal, hundredths, millis};
use crate::workloads::GET_ORDER;

/// Compares the builds, and returns a Markdown table. Only functions that are in both folders are compared.
///
/// # Errors
/// [`CommandError`] if a binary cannot be read, or TLS cannot be set up.
pub async fn measure(options: &Options, earlier: &Path) -> Result<String, CommandError> {
    let later = options.functions();
    // The fixture needs all functions; the compared builds can be incomplete.
    let fixture = Box::pin(Fixture::with_paused_streams(&local::stack::default_bin_dir())).await;
    let only =
        |bins: &Path| Options { bins: Some(bins.to_owned()), plain: None, node: None, ..options.clone() };
    let mut table = "| | earlier | later | later ÷ earlier |\n|---|---:|---:|---:|\n".to_owned();
    for latency in [SimulatedLatency::NONE, SimulatedLatency::TLS] {
        let (before, after) = (
            Runner::open(&fixture, &only(earlier), latency)?,
            Runner::open(&fixture, &only(&later), latency)?,
        );
        let effort = Effort { cold: options.cold, warm: 0 };
        let series =
            series::run(&GET_ORDER, &[(&fixture, &before), (&fixture, &after)], latency, effort).await;
        before.close().await;
        after.close().await;
        let of_functions: Vec<&SeriesStats> =
            series.iter().filter(|stats| stats.implementation == Implementation::Ours).collect();
        let [before, after] = of_functions[..] else {
            return Err(io::Error::other("both folders must have the function of the workload").into());
        };
        for (label, of) in
            [("cold start", cold as fn(&SeriesStats) -> u64), ("initialisation", initialisation)]
        {
            let label = format!("{label} of `api-orders` at {latency}, ms");
            row(&mut table, &label, of(before), of(after), millis);
        }
    }
    for function in &fixture.app.stack().deployment().functions {
        let sizes = [earlier, &later].map(|folder| Size::of(folder, &function.stem));
        if let [Ok(before), Ok(after)] = sizes {
            row(&mut table, &format!("zip of `{}`, MB", function.stem), before.zip, after.zip, megabytes);
        }
    }
    Ok(table)
}

/// Median from the start of the process to the end of the first response.
fn cold(stats: &SeriesStats) -> u64 {
    stats.cold.map_or(0, |cold| cold.p50)
}

/// Median from the start of the process until it requests its first event.
fn initialisation(stats: &SeriesStats) -> u64 {
    cold(stats).saturating_sub(stats.first.map_or(0, |first| first.p50))
}

fn megabytes(bytes: u64) -> String {
    decimal(bytes / 10_000)
}

fn row(table: &mut String, label: &str, before: u64, after: u64, unit: fn(u64) -> String) {
    let ratio = hundredths(after, before).map_or_else(|| "–".to_owned(), decimal);
    let _ = writeln!(table, "| {label} | {} | {} | {ratio} |", unit(before), unit(after));
}

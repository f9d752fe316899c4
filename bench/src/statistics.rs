//! Statistics of a series of invocations. Times are in whole microseconds, ratios in whole hundredths.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::implementations::Implementation;
use crate::request_counts::Cost;
use crate::runner::SimulatedLatency;

/// Statistics of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesStats {
    /// Name of the workload.
    pub workload: String,
    /// Measured implementation.
    pub implementation: Implementation,
    /// Simulated network latency.
    pub latency: SimulatedLatency,
    /// Cold starts: time from the start of the process to the end of the first response.
    pub cold: Option<Percentiles>,
    /// Part of `cold` after the process requested its first event: the time that a caller waits if Lambda has
    /// started the process in advance.
    pub first: Option<Percentiles>,
    /// Warm invocations: time from the event to the response.
    pub warm: Option<Percentiles>,
    /// Part of `warm` that was not spent waiting for a service.
    pub own: Option<Percentiles>,
    /// Mean CPU time of a warm invocation, in microseconds.
    pub cpu: Option<u64>,
    /// Peak memory of the process, in KiB.
    pub peak: u64,
    /// Number of warm invocations.
    pub invocations: u64,
    /// Median number of requests of a warm invocation.
    pub requests: u64,
    /// Total cost of all warm invocations.
    pub cost: Cost,
}

/// Percentiles of durations, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Median.
    pub p50: u64,
    /// 90th percentile.
    pub p90: u64,
    /// 99th percentile.
    pub p99: u64,
}

impl Percentiles {
    /// Percentiles of the durations; `None` if there are none.
    #[must_use]
    pub fn of(mut durations: Vec<Duration>) -> Option<Self> {
        durations.sort_unstable();
        let at = |percent| rank(&durations, percent).map(|duration| micros(*duration));
        Some(Self { p50: at(50)?, p90: at(90)?, p99: at(99)? })
    }
}

/// Percentile of sorted values by the nearest-rank method.
#[must_use]
pub fn rank<T>(sorted: &[T], percent: usize) -> Option<&T> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1))
}

/// Converts a duration to whole microseconds.
#[must_use]
pub fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Ratio of `value` to `other` in hundredths; `None` if `other` is zero.
#[must_use]
pub fn hundredths(value: u64, other: u64) -> Option<u64> {
    value.checked_mul(100)?.checked_div(other)
}

/// Formats hundredths as a decimal: `1.32`.
#[must_use]
pub fn decimal(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Formats microseconds as milliseconds: `4.31`.
#[must_use]
pub fn millis(micros: u64) -> String {
    decimal(micros / 10)
}

/// Statistics of all series of a run.
#[derive(Debug, Default)]
pub struct Results {
    /// All series, in the order in which they were measured.
    pub all: Vec<SeriesStats>,
}

impl Results {
    /// Statistics of a series.
    #[must_use]
    pub fn of(
        &self,
        workload: &str,
        implementation: Implementation,
        latency: SimulatedLatency,
    ) -> Option<&SeriesStats> {
        let matches = |stats: &&SeriesStats| {
            stats.workload == workload && stats.implementation == implementation && stats.latency == latency
        };
        self.all.iter().find(matches)
    }
}

/// Record of a run: a file with one line of JSON for each series.
#[derive(Debug)]
pub struct Record {
    path: PathBuf,
}

impl Record {
    /// Creates a record whose name is the current time.
    ///
    /// # Errors
    /// If the folder cannot be created.
    pub fn create() -> io::Result<Self> {
        let folder = test_support::workspace("target/bench");
        fs::create_dir_all(&folder)?;
        Ok(Self { path: folder.join(format!("{}.jsonl", local::system::clock::now_millis())) })
    }

    /// Path of the file.
    #[must_use]
    pub const fn path(&self) -> &PathBuf {
        &self.path
    }

    /// Appends the statistics of a series.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn add(&self, stats: &SeriesStats) -> io::Result<()> {
        let mut file = OpenOptions::new().append(true).create(true).open(&self.path)?;
        writeln!(file, "{}", serde_json::to_string(stats)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentile_is_one_of_the_measured_values() {
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!([50, 90, 99, 100].map(|percent| *rank(&hundred, percent).unwrap()), [50, 90, 99, 100]);
        assert_eq!([1, 50, 99].map(|percent| *rank(&[7, 8, 9], percent).unwrap()), [7, 8, 9]);
        assert_eq!(rank::<u64>(&[], 50), None);
        let percentiles =
            Percentiles::of(hundred.into_iter().rev().map(Duration::from_millis).collect()).unwrap();
        assert_eq!(percentiles, Percentiles { p50: 50_000, p90: 90_000, p99: 99_000 });
    }

    #[test]
    fn ratios_have_two_decimals_and_division_by_zero_is_none() {
        assert_eq!(hundredths(132, 100).map(decimal).as_deref(), Some("1.32"));
        assert_eq!((hundredths(1, 0), millis(4_319)), (None, "4.31".to_owned()));
    }
}

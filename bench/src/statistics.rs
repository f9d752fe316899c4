//! Figures: what a series of invocations came to. Times are whole microseconds, ratios whole hundredths.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::implementations::Implementation;
use crate::request_counts::Cost;
use crate::runner::SimulatedLatency;

/// What a series came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesStats {
    /// The workload.
    pub workload: String,
    /// Who did it.
    pub subject: Implementation,
    /// How far services were away.
    pub distance: SimulatedLatency,
    /// Cold starts: from the start of the process to the end of the first answer.
    pub cold: Option<Percentiles>,
    /// Of that, what came after the process had asked for its first event: what the caller waits for where Lambda started it
    /// beforehand.
    pub first: Option<Percentiles>,
    /// Warm invocations: from the event to the answer.
    pub warm: Option<Percentiles>,
    /// Of that, what was not spent waiting for a service.
    pub own: Option<Percentiles>,
    /// Processor time of a warm invocation, in microseconds.
    pub cpu: Option<u64>,
    /// The most memory that a process had, in KiB.
    pub peak: u64,
    /// How many warm invocations there were.
    pub invocations: u64,
    /// Requests of the invocation that is in the middle of all.
    pub requests: u64,
    /// All that was asked of services, by all warm invocations.
    pub cost: Cost,
}

/// How durations are spread, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Half of them were at most this long.
    pub p50: u64,
    /// Nine of ten.
    pub p90: u64,
    /// Ninety-nine of a hundred.
    pub p99: u64,
}

impl Percentiles {
    /// The spread of durations; `None` if there are none.
    #[must_use]
    pub fn of(mut durations: Vec<Duration>) -> Option<Self> {
        durations.sort_unstable();
        let at = |percent| rank(&durations, percent).map(|duration| micros(*duration));
        Some(Self { p50: at(50)?, p90: at(90)?, p99: at(99)? })
    }
}

/// The smallest of sorted values that so many in a hundred do not exceed: the nearest rank.
#[must_use]
pub fn rank<T>(sorted: &[T], percent: usize) -> Option<&T> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1))
}

/// Whole microseconds.
#[must_use]
pub fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// How many hundredths of `other` a value is.
#[must_use]
pub fn hundredths(value: u64, other: u64) -> Option<u64> {
    value.checked_mul(100)?.checked_div(other)
}

/// Hundredths as a decimal: `1.32`.
#[must_use]
pub fn decimal(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Microseconds as milliseconds: `4.31`.
#[must_use]
pub fn millis(micros: u64) -> String {
    decimal(micros / 10)
}

/// All figures of a run, to be found by what they are of.
#[derive(Debug, Default)]
pub struct Results {
    /// They, in the order in which they were measured.
    pub all: Vec<SeriesStats>,
}

impl Results {
    /// The figures of a series.
    #[must_use]
    pub fn of(
        &self,
        workload: &str,
        subject: Implementation,
        distance: SimulatedLatency,
    ) -> Option<&SeriesStats> {
        let is = |figures: &&SeriesStats| {
            figures.workload == workload && figures.subject == subject && figures.distance == distance
        };
        self.all.iter().find(is)
    }
}

/// The record of runs: one line for each series.
#[derive(Debug)]
pub struct Record {
    path: PathBuf,
}

impl Record {
    /// A new record, named by the moment.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn begin() -> io::Result<Self> {
        let folder = test_support::workspace("target/bench");
        fs::create_dir_all(&folder)?;
        Ok(Self { path: folder.join(format!("{}.jsonl", local::system::clock::now_millis())) })
    }

    /// The file.
    #[must_use]
    pub const fn path(&self) -> &PathBuf {
        &self.path
    }

    /// Adds the figures of a series.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn add(&self, figures: &SeriesStats) -> io::Result<()> {
        let mut file = OpenOptions::new().append(true).create(true).open(&self.path)?;
        writeln!(file, "{}", serde_json::to_string(figures)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_is_a_value_that_was_measured() {
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!([50, 90, 99, 100].map(|percent| *rank(&hundred, percent).unwrap()), [50, 90, 99, 100]);
        assert_eq!([1, 50, 99].map(|percent| *rank(&[7, 8, 9], percent).unwrap()), [7, 8, 9]);
        assert_eq!(rank::<u64>(&[], 50), None);
        let spread = Percentiles::of(hundred.into_iter().rev().map(Duration::from_millis).collect()).unwrap();
        assert_eq!(spread, Percentiles { p50: 50_000, p90: 90_000, p99: 99_000 });
    }

    #[test]
    fn ratios_and_milliseconds_have_two_decimals_and_nothing_is_divided_by_nothing() {
        assert_eq!(hundredths(132, 100).map(decimal).as_deref(), Some("1.32"));
        assert_eq!((hundredths(1, 0), millis(4_319)), (None, "4.31".to_owned()));
    }
}

//! Metrics: aggregated in memory until they are printed.
//!
//! The process has one registry, as it has one log: recording a value requires only a [`Metric`] of the
//! [catalogue](super::catalogue).

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::catalogue::{Kind, Metric, Unit};

/// The metrics of the process since they were last printed.
pub static REGISTRY: Registry = Registry::new();

/// Adds one to a counter.
pub fn count<const N: usize>(metric: &'static Metric<N>, dimensions: [&str; N]) {
    REGISTRY.record(metric, dimensions, 1.0);
}

/// Records a value.
pub fn record<const N: usize>(metric: &'static Metric<N>, dimensions: [&str; N], value: f64) {
    REGISTRY.record(metric, dimensions, value);
}

/// Records a duration, in milliseconds.
pub fn record_duration<const N: usize>(
    metric: &'static Metric<N>,
    dimensions: [&str; N],
    duration: std::time::Duration,
) {
    let millis = u32::try_from(duration.as_millis()).unwrap_or(u32::MAX);
    REGISTRY.record(metric, dimensions, f64::from(millis));
}

/// Names and values of a metric's own dimensions.
pub type Dimensions = Vec<(&'static str, String)>;

/// Recorded metrics, by dimensions and name.
pub type Snapshot = BTreeMap<Dimensions, BTreeMap<&'static str, Recorded>>;

/// Recorded values of one metric with one combination of dimensions.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Unit of the values.
    pub unit: Unit,
    /// A single value, or all values of a distribution.
    pub values: Vec<f64>,
}

/// Maximum number of values of one distribution that are kept until they are printed. An invocation records a
/// handful.
const MAX_BUFFERED_VALUES: usize = 10_000;

/// Metrics that are not printed yet.
#[derive(Debug, Default)]
pub struct Registry(Mutex<Snapshot>);

impl Registry {
    /// An empty registry.
    #[must_use]
    pub const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// Records a value. A counter adds it, a gauge replaces its last value, and a distribution keeps it.
    pub fn record<const N: usize>(&self, metric: &Metric<N>, dimensions: [&str; N], value: f64) {
        let dimensions = metric.dimensions.into_iter().zip(dimensions.map(str::to_owned)).collect();
        let empty = || Recorded { unit: metric.unit, values: Vec::new() };
        let mut recorded = self.lock();
        let values =
            &mut recorded.entry(dimensions).or_default().entry(metric.name).or_insert_with(empty).values;
        match (metric.kind, values.as_mut_slice()) {
            (Kind::Counter, [sum]) => *sum = add(*sum, value),
            (Kind::Gauge, [last]) => *last = value,
            (_, buffered) if buffered.len() < MAX_BUFFERED_VALUES => values.push(value),
            _ => {}
        }
    }

    /// Takes all recorded metrics and empties the registry.
    pub fn take(&self) -> Snapshot {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Snapshot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(
    clippy::float_arithmetic,
    reason = "capacity units are multiples of one half; no decision depends on them"
)]
fn add(sum: f64, value: f64) -> f64 {
    sum + value
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::{BREAKER_STATE, CACHE_HITS, HTTP_REQUEST_DURATION, READ_UNITS};
    use super::*;

    fn values(recorded: &Snapshot, name: &str) -> Vec<Vec<f64>> {
        let by_metric = recorded.values().filter_map(|metrics| metrics.get(name));
        by_metric.map(|recorded| recorded.values.clone()).collect()
    }

    #[test]
    fn counters_add_gauges_replace_and_distributions_collect() {
        let registry = Registry::new();
        for half in 0..3 {
            registry.record(&READ_UNITS, ["Query"], 0.5);
            registry.record(&BREAKER_STATE, ["gateway"], f64::from(half));
            registry.record(&HTTP_REQUEST_DURATION, ["GET", "/", "200"], f64::from(half));
        }
        let recorded = registry.take();
        assert_eq!(values(&recorded, READ_UNITS.name), [[1.5]]);
        assert_eq!(values(&recorded, BREAKER_STATE.name), [[2.0]]);
        assert_eq!(values(&recorded, HTTP_REQUEST_DURATION.name), [[0.0, 1.0, 2.0]]);
    }

    #[test]
    fn take_empties_the_registry_and_dimensions_are_separate() {
        let registry = Registry::new();
        registry.record(&CACHE_HITS, ["markets"], 1.0);
        registry.record(&CACHE_HITS, ["products"], 2.0);
        assert_eq!(values(&registry.take(), CACHE_HITS.name), [[1.0], [2.0]]);
        assert!(registry.take().is_empty());
    }
}

//! Metrics, gathered in memory until they are printed.
//!
//! One registry for the process, as there is one log: whoever counts something names a [`Metric`] of the
//! [catalogue](super::catalogue) and needs nothing else.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::catalogue::{Kind, Metric, Unit};

/// What the process has counted and measured since it was last printed.
pub static REGISTRY: Registry = Registry::new();

/// Adds one to a counter.
pub fn count<const N: usize>(metric: &'static Metric<N>, dimensions: [&str; N]) {
    REGISTRY.record(metric, dimensions, 1.0);
}

/// Takes note of a value.
pub fn record<const N: usize>(metric: &'static Metric<N>, dimensions: [&str; N], value: f64) {
    REGISTRY.record(metric, dimensions, value);
}

/// Takes note of a duration, in milliseconds.
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

/// What was gathered: by dimensions, then by metric.
pub type Gathered = BTreeMap<Dimensions, BTreeMap<&'static str, Recorded>>;

/// What was recorded of one metric under one combination of dimensions.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// What the values are counted in.
    pub unit: Unit,
    /// The values: one, unless it is a distribution.
    pub values: Vec<f64>,
}

/// Of one distribution, so many values are kept until they are printed. An invocation has a handful.
const MOST_VALUES: usize = 10_000;

/// Metrics until they are printed.
#[derive(Debug, Default)]
pub struct Registry(Mutex<Gathered>);

impl Registry {
    /// With nothing in it.
    #[must_use]
    pub const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// Takes note of a value: added, put in the place of the last one, or kept beside it, as the metric's kind has it.
    pub fn record<const N: usize>(&self, metric: &Metric<N>, dimensions: [&str; N], value: f64) {
        let named = metric.dimensions.into_iter().zip(dimensions.map(str::to_owned)).collect();
        let empty = || Recorded { unit: metric.unit, values: Vec::new() };
        let mut gathered = self.lock();
        let values = &mut gathered.entry(named).or_default().entry(metric.name).or_insert_with(empty).values;
        match (metric.kind, values.as_mut_slice()) {
            (Kind::Counter, [sum]) => *sum = plus(*sum, value),
            (Kind::Gauge, [last]) => *last = value,
            (_, kept) if kept.len() < MOST_VALUES => values.push(value),
            _ => {}
        }
    }

    /// What was gathered, which begins anew.
    pub fn take(&self) -> Gathered {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Gathered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::float_arithmetic, reason = "units of the table come in halves; nothing is decided by them")]
fn plus(sum: f64, value: f64) -> f64 {
    sum + value
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::{BREAKER_STATE, CACHE_HITS, READ_UNITS, REQUEST_LATENCY};
    use super::*;

    fn values(gathered: &Gathered, name: &str) -> Vec<Vec<f64>> {
        let by_metric = gathered.values().filter_map(|metrics| metrics.get(name));
        by_metric.map(|recorded| recorded.values.clone()).collect()
    }

    #[test]
    fn counters_add_up_gauges_forget_and_distributions_keep() {
        let registry = Registry::new();
        for half in 0..3 {
            registry.record(&READ_UNITS, ["Query"], 0.5);
            registry.record(&BREAKER_STATE, ["gateway"], f64::from(half));
            registry.record(&REQUEST_LATENCY, ["GET /", "2xx"], f64::from(half));
        }
        let gathered = registry.take();
        assert_eq!(values(&gathered, READ_UNITS.name), [[1.5]]);
        assert_eq!(values(&gathered, BREAKER_STATE.name), [[2.0]]);
        assert_eq!(values(&gathered, REQUEST_LATENCY.name), [[0.0, 1.0, 2.0]]);
    }

    #[test]
    fn what_was_taken_is_not_taken_again_and_dimensions_keep_values_apart() {
        let registry = Registry::new();
        registry.record(&CACHE_HITS, ["markets"], 1.0);
        registry.record(&CACHE_HITS, ["products"], 2.0);
        assert_eq!(values(&registry.take(), CACHE_HITS.name), [[1.0], [2.0]]);
        assert!(registry.take().is_empty());
    }
}

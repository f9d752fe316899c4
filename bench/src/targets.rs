//! Targets for the results.

use crate::binary_size::Size;
use crate::implementations::Implementation;
use crate::order_lifecycle::OrderLifecycle;
use crate::request_counts::CostTable;
use crate::runner::SimulatedLatency;
use crate::statistics::{Results, SeriesStats, decimal, hundredths, millis};

/// A target with the measured value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetResult {
    /// Description of the target.
    pub target: &'static str,
    /// Measured value; `None` if one of the compared implementations was skipped.
    pub measured: Option<String>,
    /// True if the measured value meets the target.
    pub met: bool,
}

/// All results that have targets.
#[derive(Debug)]
pub struct Measurements<'a> {
    /// Statistics of the timed series.
    pub results: &'a Results,
    /// Request counts of the operations.
    pub costs: &'a CostTable,
    /// Request counts of the lifecycle of an order.
    pub lifecycle: &'a OrderLifecycle,
    /// Sizes of the functions.
    pub sizes: &'a [Size],
    /// Peak memory of each function, in KiB.
    pub peaks: &'a [(String, u64)],
}

/// Maximum ratio of a value of Agora's function to that of another implementation, in hundredths.
struct Ratio {
    target: &'static str,
    workload: &'static str,
    latency: SimulatedLatency,
    value: fn(&SeriesStats) -> Option<u64>,
    against: Implementation,
    limit: u64,
}

const fn cpu(stats: &SeriesStats) -> Option<u64> {
    stats.cpu
}

fn cold(stats: &SeriesStats) -> Option<u64> {
    stats.cold.map(|cold| cold.p50)
}

fn warm(stats: &SeriesStats) -> Option<u64> {
    stats.warm.map(|warm| warm.p50)
}

const RATIOS: [Ratio; 9] = [
    Ratio {
        target: "cold start over TLS, one order read: at most 1.50 × hand-tuned Rust",
        workload: "get-order",
        latency: SimulatedLatency::TLS,
        value: cold,
        against: Implementation::HandTuned,
        limit: 150,
    },
    Ratio {
        target: "cold start over TLS, one order read: at most 0.25 × plain Rust",
        workload: "get-order",
        latency: SimulatedLatency::TLS,
        value: cold,
        against: Implementation::Plain,
        limit: 25,
    },
    Ratio {
        target: "cached product: CPU time at most 1.60 × the no-op function",
        workload: "cached-product",
        latency: SimulatedLatency::NONE,
        value: cpu,
        against: Implementation::NoOp,
        limit: 160,
    },
    Ratio {
        target: "order read: CPU time at most 1.30 × hand-tuned Rust",
        workload: "get-order",
        latency: SimulatedLatency::NONE,
        value: cpu,
        against: Implementation::HandTuned,
        limit: 130,
    },
    Ratio {
        target: "order placement: p50 with 3 ms latency at most 0.65 × Node",
        workload: "place-order",
        latency: SimulatedLatency::REGION,
        value: warm,
        against: Implementation::Node,
        limit: 65,
    },
    Ratio {
        target: "order placement: CPU time at most 0.20 × Node",
        workload: "place-order",
        latency: SimulatedLatency::NONE,
        value: cpu,
        against: Implementation::Node,
        limit: 20,
    },
    Ratio {
        target: "replay: CPU time at most 1.30 × hand-tuned Rust",
        workload: "replay-order",
        latency: SimulatedLatency::NONE,
        value: cpu,
        against: Implementation::HandTuned,
        limit: 130,
    },
    Ratio {
        target: "batch of ten: CPU time at most 0.10 × Node",
        workload: "count-ten",
        latency: SimulatedLatency::NONE,
        value: cpu,
        against: Implementation::Node,
        limit: 10,
    },
    Ratio {
        target: "cold start without TLS, one order read: at most 1.50 × hand-tuned Rust",
        workload: "get-order",
        latency: SimulatedLatency::NONE,
        value: cold,
        against: Implementation::HandTuned,
        limit: 150,
    },
];

/// Maximum number of requests of operations: target, operation, limit.
const REQUESTS: [(&str, &str, u64); 6] = [
    ("cached product: 0 requests", "show a cached product", 0),
    ("order read: 1 request", "show an order", 1),
    ("order placement: 2 requests", "place an order", 2),
    ("replay: 1 request", "replay a placed order", 1),
    ("batch of ten with exactly-once effects: at most 3 requests", "count ten orders", 3),
    (
        "batch of ten with a malformed message: at most 22 requests",
        "count nine orders and a malformed message",
        22,
    ),
];

/// Maximum number of requests of an order until it is confirmed.
const ORDER_LIFECYCLE_REQUESTS: u64 = 12;
/// Maximum peak memory of a function, in KiB.
const MAX_MEMORY: u64 = 25 * 1024;
/// Maximum size of a zip file, in bytes.
const MAX_ZIP: u64 = 5_500_000;

impl Measurements<'_> {
    /// Result of each target.
    #[must_use]
    pub fn target_results(&self) -> Vec<TargetResult> {
        let ratios = RATIOS.iter().map(|ratio| self.ratio(ratio));
        let requests = REQUESTS.iter().map(|(target, operation, limit)| {
            let counted = self.costs.entry(operation).map(|entry| entry.cost.all());
            target_result(target, counted.map(|count| (count <= *limit, count.to_string())))
        });
        let (before, after) = self.lifecycle.requests();
        let lifecycle = (before <= ORDER_LIFECYCLE_REQUESTS, format!("{before}, and {after} afterwards"));
        let lifecycle =
            target_result("order from placement to confirmation: at most 12 requests", Some(lifecycle));
        ratios.chain(requests).chain([lifecycle, self.memory(), self.zip()]).collect()
    }

    fn ratio(&self, ratio: &Ratio) -> TargetResult {
        let value = |implementation| {
            self.results.of(ratio.workload, implementation, ratio.latency).and_then(ratio.value)
        };
        let both = value(Implementation::Ours).zip(value(ratio.against));
        let measured = both.and_then(|(ours, other)| {
            let share = hundredths(ours, other)?;
            let text = format!("{} × ({} / {} ms)", decimal(share), millis(ours), millis(other));
            Some((share <= ratio.limit, text))
        });
        target_result(ratio.target, measured)
    }

    fn memory(&self) -> TargetResult {
        let largest = self.peaks.iter().max_by_key(|(_, peak)| *peak);
        let measured = largest.map(|(function, peak)| {
            (*peak <= MAX_MEMORY, format!("at most {} MiB (`{function}`)", decimal(peak * 100 / 1024)))
        });
        target_result("peak memory of every function: at most 25 MiB", measured)
    }

    fn zip(&self) -> TargetResult {
        let largest = self.sizes.iter().max_by_key(|size| size.zip);
        let measured = largest.map(|size| {
            let megabytes = decimal(size.zip / 10_000);
            (size.zip <= MAX_ZIP, format!("at most {megabytes} MB (`{}`)", size.function))
        });
        target_result("zip file of every function: at most 5.5 MB", measured)
    }
}

fn target_result(target: &'static str, measured: Option<(bool, String)>) -> TargetResult {
    let met = measured.as_ref().is_some_and(|(met, _)| *met);
    TargetResult { target, measured: measured.map(|(_, text)| text), met }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request_counts::Cost;

    fn stats(implementation: Implementation, cpu: u64) -> SeriesStats {
        SeriesStats {
            workload: "get-order".to_owned(),
            implementation,
            latency: SimulatedLatency::NONE,
            cold: None,
            first: None,
            warm: None,
            own: None,
            cpu: Some(cpu),
            peak: 0,
            invocations: 1,
            requests: 1,
            cost: Cost::default(),
        }
    }

    #[test]
    fn target_is_met_up_to_its_limit_and_not_if_unmeasured() {
        let outcomes = |ours: u64| {
            let results = Results {
                all: vec![stats(Implementation::Ours, ours), stats(Implementation::HandTuned, 1_000)],
            };
            let (costs, lifecycle) = (CostTable::default(), OrderLifecycle { parts: Vec::new() });
            let measurements = Measurements {
                results: &results,
                costs: &costs,
                lifecycle: &lifecycle,
                sizes: &[],
                peaks: &[],
            };
            let target_results = measurements.target_results();
            let of = |prefix: &str| {
                let found = target_results.iter().find(|result| result.target.starts_with(prefix)).unwrap();
                (found.measured.clone(), found.met)
            };
            (of("order read: CPU time"), of("cached product: CPU time"))
        };
        assert_eq!(outcomes(1_300).0, (Some("1.30 × (1.30 / 1.00 ms)".to_owned()), true));
        assert!(!outcomes(1_310).0.1);
        assert_eq!(outcomes(1_300).1, (None, false));
    }
}

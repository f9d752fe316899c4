//! What everything may take: each target beside what was measured.

use crate::binary_size::Size;
use crate::implementations::Implementation;
use crate::order_lifecycle::OrderLifecycle;
use crate::request_counts::CostTable;
use crate::runner::SimulatedLatency;
use crate::statistics::{Results, SeriesStats, decimal, hundredths, millis};

/// A target, and how far it is met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetResult {
    /// What is aimed at.
    pub target: &'static str,
    /// What was measured; nothing, if one of the two sides was left out.
    pub measured: Option<String>,
    /// Whether that is good enough.
    pub met: bool,
}

/// All that was measured.
#[derive(Debug)]
pub struct Measurements<'a> {
    /// Times.
    pub results: &'a Results,
    /// Requests of operations.
    pub book: &'a CostTable,
    /// Requests of an order's way.
    pub journey: &'a OrderLifecycle,
    /// Sizes of functions.
    pub sizes: &'a [Size],
    /// The most memory that each function had, in KiB.
    pub peaks: &'a [(String, u64)],
}

/// What one figure may be of another, in hundredths.
struct Ratio {
    target: &'static str,
    workload: &'static str,
    distance: SimulatedLatency,
    of: fn(&SeriesStats) -> Option<u64>,
    against: Implementation,
    most: u64,
}

const fn cpu(figures: &SeriesStats) -> Option<u64> {
    figures.cpu
}

fn cold(figures: &SeriesStats) -> Option<u64> {
    figures.cold.map(|cold| cold.p50)
}

fn warm(figures: &SeriesStats) -> Option<u64> {
    figures.warm.map(|warm| warm.p50)
}

/// Shortens the table below.
const fn ratio(
    target: &'static str,
    (workload, distance): (&'static str, SimulatedLatency),
    of: fn(&SeriesStats) -> Option<u64>,
    (against, most): (Implementation, u64),
) -> Ratio {
    Ratio { target, workload, distance, of, against, most }
}

const RATIOS: [Ratio; 9] = [
    ratio(
        "an order read in a cold start over TLS: at most 1.50 × the best Rust known",
        ("get-order", SimulatedLatency::TLS),
        cold,
        (Implementation::Best, 150),
    ),
    ratio(
        "the same: at most 0.25 × plain Rust",
        ("get-order", SimulatedLatency::TLS),
        cold,
        (Implementation::Plain, 25),
    ),
    ratio(
        "a cached product: processor time at most 1.60 × the bare function",
        ("cached-product", SimulatedLatency::NONE),
        cpu,
        (Implementation::Bare, 160),
    ),
    ratio(
        "an order: processor time at most 1.30 × the best Rust known",
        ("get-order", SimulatedLatency::NONE),
        cpu,
        (Implementation::Best, 130),
    ),
    ratio(
        "placing an order: p50 at 3 ms at most 0.65 × Node",
        ("place-order", SimulatedLatency::REGION),
        warm,
        (Implementation::Node, 65),
    ),
    ratio(
        "placing an order: processor time at most 0.20 × Node",
        ("place-order", SimulatedLatency::NONE),
        cpu,
        (Implementation::Node, 20),
    ),
    ratio(
        "a replay: processor time at most 1.30 × the best Rust known",
        ("replay-order", SimulatedLatency::NONE),
        cpu,
        (Implementation::Best, 130),
    ),
    ratio(
        "a batch of ten: processor time at most 0.10 × Node",
        ("count-ten", SimulatedLatency::NONE),
        cpu,
        (Implementation::Node, 10),
    ),
    ratio(
        "a cold start without TLS: at most 1.50 × the best Rust known",
        ("get-order", SimulatedLatency::NONE),
        cold,
        (Implementation::Best, 150),
    ),
];

/// Requests that an operation may take.
const REQUESTS: [(&str, &str, u64); 6] = [
    ("a product that is remembered: 0 requests", "show a product that is remembered", 0),
    ("an order: 1 request", "show an order", 1),
    ("placing an order: 2 requests", "place an order", 2),
    ("a replay: 1 request", "place it again, under the same key", 1),
    ("a batch of ten with exactly-once effects: at most 3 requests", "count ten orders", 3),
    (
        "the same with one that fails: at most 22 requests",
        "count nine orders beside a message that does not read",
        22,
    ),
];

/// Requests of an order's whole way until it is confirmed.
const ORDER_LIFECYCLE_REQUESTS: u64 = 12;
/// The most memory, in KiB.
const MEMORY: u64 = 25 * 1024;
/// The largest zip file, in bytes.
const ZIP: u64 = 5 * 1000 * 1000;

impl Measurements<'_> {
    /// Each target with how far it is met.
    #[must_use]
    pub fn verdicts(&self) -> Vec<TargetResult> {
        let ratios = RATIOS.iter().map(|ratio| self.ratio(ratio));
        let requests = REQUESTS.iter().map(|(target, operation, most)| {
            let counted = self.book.entry(operation).map(|entry| entry.cost.all());
            verdict(target, counted.map(|count| (count <= *most, count.to_string())))
        });
        let (before, after) = self.journey.requests();
        let way = (before <= ORDER_LIFECYCLE_REQUESTS, format!("{before}, and {after} of what follows"));
        let way = verdict("an order from its placing to its confirmation: at most 12 requests", Some(way));
        ratios.chain(requests).chain([way, self.memory(), self.zip()]).collect()
    }

    fn ratio(&self, ratio: &Ratio) -> TargetResult {
        let figure = |subject| self.results.of(ratio.workload, subject, ratio.distance).and_then(ratio.of);
        let both = figure(Implementation::Ours).zip(figure(ratio.against));
        let measured = both.and_then(|(ours, other)| {
            let share = hundredths(ours, other)?;
            let told = format!("{} × ({} / {} ms)", decimal(share), millis(ours), millis(other));
            Some((share <= ratio.most, told))
        });
        verdict(ratio.target, measured)
    }

    fn memory(&self) -> TargetResult {
        let most = self.peaks.iter().max_by_key(|(_, peak)| *peak);
        let measured = most.map(|(function, peak)| {
            (*peak <= MEMORY, format!("{} MiB at most, `{function}`", decimal(peak * 100 / 1024)))
        });
        verdict("every function: at most 25 MiB", measured)
    }

    fn zip(&self) -> TargetResult {
        let most = self.sizes.iter().max_by_key(|size| size.zip);
        let measured = most.map(|size| {
            let megabytes = decimal(size.zip / 10_000);
            (size.zip <= ZIP, format!("{megabytes} MB at most, `{}`", size.function))
        });
        verdict("every function: a zip file of at most 5 MB", measured)
    }
}

fn verdict(target: &'static str, measured: Option<(bool, String)>) -> TargetResult {
    let met = measured.as_ref().is_some_and(|(met, _)| *met);
    TargetResult { target, measured: measured.map(|(_, told)| told), met }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request_counts::Cost;

    fn figures(subject: Implementation, cpu: u64) -> SeriesStats {
        SeriesStats {
            workload: "get-order".to_owned(),
            subject,
            distance: SimulatedLatency::NONE,
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
    fn a_target_is_met_up_to_its_limit_and_one_that_was_not_measured_is_not() {
        let said = |ours: u64| {
            let results = Results {
                all: vec![figures(Implementation::Ours, ours), figures(Implementation::Best, 1_000)],
            };
            let (book, journey) = (CostTable::default(), OrderLifecycle { parts: Vec::new() });
            let evidence =
                Measurements { results: &results, book: &book, journey: &journey, sizes: &[], peaks: &[] };
            let verdicts = evidence.verdicts();
            let of = |words: &str| {
                let found = verdicts.iter().find(|verdict| verdict.target.starts_with(words)).unwrap();
                (found.measured.clone(), found.met)
            };
            (of("an order: processor time"), of("a cached product"))
        };
        assert_eq!(said(1_300).0, (Some("1.30 × (1.30 / 1.00 ms)".to_owned()), true));
        assert!(!said(1_310).0.1);
        assert_eq!(said(1_300).1, (None, false));
    }
}

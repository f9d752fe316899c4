//! Metrics as lines of the log that CloudWatch reads metrics from.
//!
//! Source: "Specification: Embedded metric format", Amazon CloudWatch User Guide. A document has at most 100 metrics, 30
//! dimensions, and 100 values of each metric; it has at most 256 KB, which a full one of ours cannot reach.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::ServiceIdentity;
use super::catalogue::NAMESPACE;
use super::metrics::{Dimensions, Gathered, Recorded};
use crate::kit::system::clock::Timestamp;

/// The most metrics of a document.
pub const MAX_METRICS: usize = 100;
/// The most values of a metric in a document.
pub const MAX_VALUES: usize = 100;
/// The most dimensions of a document.
pub const MAX_DIMENSIONS: usize = 30;
/// The most bytes of a document.
pub const MAX_BYTES: usize = 256 * 1024;

/// The most characters of a dimension's value: a quarter of what CloudWatch takes.
const MAX_TEXT: usize = 256;

/// The documents that say what was gathered, each a line. All values of one document share their dimensions.
#[must_use]
pub fn lines(gathered: Gathered, origin: &ServiceIdentity, at: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    for (dimensions, metrics) in gathered {
        let rounds = metrics.values().map(|recorded| recorded.values.len().div_ceil(MAX_VALUES)).max();
        for round in 0..rounds.unwrap_or_default() {
            let parts: Vec<_> =
                metrics.iter().filter_map(|(name, recorded)| part(name, recorded, round)).collect();
            lines.extend(
                parts.chunks(MAX_METRICS).filter_map(|parts| document(&dimensions, parts, origin, at)),
            );
        }
    }
    lines
}

/// A metric with as many of its values as a document takes.
type Part<'a> = (&'static str, &'static str, &'a [f64]);

fn part<'a>(name: &'static str, recorded: &'a Recorded, round: usize) -> Option<Part<'a>> {
    let values = recorded.values.chunks(MAX_VALUES).nth(round)?;
    Some((name, recorded.unit.as_str(), values))
}

fn document(
    dimensions: &Dimensions,
    parts: &[Part<'_>],
    origin: &ServiceIdentity,
    at: Timestamp,
) -> Option<String> {
    let own = dimensions.iter().map(|(name, value)| (*name, text(value)));
    let origin = [("function", text(&origin.function)), ("stage", text(&origin.stage))];
    let dimensions = own.chain(origin).take(MAX_DIMENSIONS).collect();
    // Names and numbers: nothing of it can be impossible to write.
    serde_json::to_string(&Document { at, dimensions, parts }).ok()
}

/// A line.
struct Document<'a> {
    at: Timestamp,
    dimensions: Vec<(&'a str, &'a str)>,
    parts: &'a [Part<'a>],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    timestamp: i64,
    cloud_watch_metrics: [Directive<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    namespace: &'a str,
    dimensions: [Vec<&'a str>; 1],
    metrics: Vec<Definition>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    name: &'static str,
    unit: &'static str,
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let metadata = Metadata {
            timestamp: self.at.as_millis(),
            cloud_watch_metrics: [Directive {
                namespace: NAMESPACE,
                dimensions: [self.dimensions.iter().map(|(name, _)| *name).collect()],
                metrics: self.parts.iter().map(|(name, unit, _)| Definition { name, unit }).collect(),
            }],
        };
        let mut root = serializer.serialize_map(None)?;
        root.serialize_entry("_aws", &metadata)?;
        for (name, value) in &self.dimensions {
            root.serialize_entry(name, value)?;
        }
        for (name, _, values) in self.parts {
            match values {
                [single] => root.serialize_entry(name, single)?,
                several => root.serialize_entry(name, several)?,
            }
        }
        root.end()
    }
}

/// A dimension's value as CloudWatch takes it: not empty, and not too long.
fn text(value: &str) -> &str {
    let end = value.char_indices().nth(MAX_TEXT).map_or(value.len(), |(end, _)| end);
    if value.is_empty() { "none" } else { &value[..end] }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::catalogue::{CACHE_HITS, COLD_STARTS, REQUEST_LATENCY, Unit};
    use super::super::metrics::Registry;
    use super::*;

    fn printed(gathered: Gathered) -> Vec<Value> {
        let origin = ServiceIdentity { stage: "dev".to_owned(), function: "api-orders".to_owned() };
        let lines = lines(gathered, &origin, Timestamp::from_millis(1_800_000_000_000));
        assert!(lines.iter().all(|line| line.len() <= MAX_BYTES && !line.contains('\n')));
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_document_says_what_its_metrics_are_and_whose() {
        let registry = Registry::new();
        registry.record(&CACHE_HITS, ["markets"], 3.0);
        let expected = json!({
            "_aws": {
                "Timestamp": 1_800_000_000_000_i64,
                "CloudWatchMetrics": [{
                    "Namespace": "Agora",
                    "Dimensions": [["cache", "function", "stage"]],
                    "Metrics": [{ "Name": "CacheHits", "Unit": "Count" }],
                }],
            },
            "stage": "dev",
            "function": "api-orders",
            "cache": "markets",
            "CacheHits": 3.0,
        });
        assert_eq!(printed(registry.take()), [expected]);
    }

    #[test]
    fn what_does_not_fit_one_document_goes_on_in_the_next_and_nothing_is_lost() {
        let registry = Registry::new();
        for n in 0..250 {
            registry.record(&REQUEST_LATENCY, ["GET /", "2xx"], f64::from(n));
        }
        registry.record(&COLD_STARTS, [], 1.0);
        let documents = printed(registry.take());
        let values = documents.iter().filter_map(|document| document["RequestLatency"].as_array());
        let lengths: Vec<usize> = values.clone().map(Vec::len).collect();
        assert_eq!((documents.len(), lengths), (4, vec![100, 100, 50]));
        let sum: f64 = values.flatten().filter_map(Value::as_f64).sum();
        assert!((sum - f64::from(250 * 249 / 2)).abs() < 0.5);
    }

    #[test]
    fn the_largest_document_stays_below_the_limit() {
        let names: Vec<&'static str> = (0..MAX_METRICS).map(|n| &*format!("{n:0>64}").leak()).collect();
        let values = vec![f64::MIN_POSITIVE; MAX_VALUES];
        let metrics =
            names.iter().map(|name| (*name, Recorded { unit: Unit::Milliseconds, values: values.clone() }));
        let gathered = Gathered::from([(Vec::new(), metrics.collect())]);
        assert_eq!(printed(gathered).len(), 1);
    }

    #[test]
    fn a_dimension_is_never_empty_and_never_too_long() {
        let registry = Registry::new();
        registry.record(&CACHE_HITS, [""], 1.0);
        registry.record(&CACHE_HITS, [&"x".repeat(2_000)], 1.0);
        let documents = printed(registry.take());
        let length = |document: &Value| document["cache"].as_str().unwrap().len();
        assert_eq!((documents[0]["cache"].as_str(), length(&documents[1])), (Some("none"), MAX_TEXT));
    }
}

//! Embedded metric format: metrics as log lines that CloudWatch converts to metrics.
//!
//! Source: "Specification: Embedded metric format", Amazon CloudWatch User Guide. A document has at most 100
//! metrics, 30 dimensions, 100 values per metric, and 256 KB, which the largest document here does not reach.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::ServiceIdentity;
use super::catalogue::NAMESPACE;
use super::metrics::{Dimensions, Recorded, Snapshot};
use crate::kit::system::clock::Timestamp;

/// Maximum number of metrics per document.
pub const MAX_METRICS: usize = 100;
/// Maximum number of values per metric and document.
pub const MAX_VALUES: usize = 100;
/// Maximum number of dimensions per document.
pub const MAX_DIMENSIONS: usize = 30;
/// Maximum size of a document in bytes.
pub const MAX_BYTES: usize = 256 * 1024;

/// Maximum length of a dimension's value in characters: a quarter of CloudWatch's limit.
const MAX_DIMENSION_VALUE: usize = 256;

/// Renders the metrics as documents, one per line. All metrics of a document share their dimensions.
#[must_use]
pub fn lines(snapshot: Snapshot, identity: &ServiceIdentity, at: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    for (dimensions, metrics) in snapshot {
        let rounds = metrics.values().map(|recorded| recorded.values.len().div_ceil(MAX_VALUES)).max();
        for round in 0..rounds.unwrap_or_default() {
            let parts: Vec<_> =
                metrics.iter().filter_map(|(name, recorded)| part(name, recorded, round)).collect();
            lines.extend(
                parts.chunks(MAX_METRICS).filter_map(|parts| document(&dimensions, parts, identity, at)),
            );
        }
    }
    lines
}

/// A metric (name, unit) with as many of its values as a document may contain.
type Part<'a> = (&'static str, &'static str, &'a [f64]);

fn part<'a>(name: &'static str, recorded: &'a Recorded, round: usize) -> Option<Part<'a>> {
    let values = recorded.values.chunks(MAX_VALUES).nth(round)?;
    Some((name, recorded.unit.as_str(), values))
}

fn document(
    dimensions: &Dimensions,
    parts: &[Part<'_>],
    identity: &ServiceIdentity,
    at: Timestamp,
) -> Option<String> {
    let own = dimensions.iter().map(|(name, value)| (*name, dimension_value(value)));
    let identity =
        [("function", dimension_value(&identity.function)), ("stage", dimension_value(&identity.stage))];
    let dimensions = own.chain(identity).take(MAX_DIMENSIONS).collect();
    // Names and numbers only, so serialisation cannot fail.
    serde_json::to_string(&Document { at, dimensions, parts }).ok()
}

/// One log line.
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

/// Makes a dimension's value valid for CloudWatch: not empty, and not too long.
fn dimension_value(value: &str) -> &str {
    let end = value.char_indices().nth(MAX_DIMENSION_VALUE).map_or(value.len(), |(end, _)| end);
    if value.is_empty() { "none" } else { &value[..end] }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::catalogue::{CACHE_HITS, COLD_STARTS, HTTP_REQUEST_DURATION, Unit};
    use super::super::metrics::Registry;
    use super::*;

    fn render(snapshot: Snapshot) -> Vec<Value> {
        let identity = ServiceIdentity { stage: "dev".to_owned(), function: "api-orders".to_owned() };
        let lines = lines(snapshot, &identity, Timestamp::from_millis(1_800_000_000_000));
        assert!(lines.iter().all(|line| line.len() <= MAX_BYTES && !line.contains('\n')));
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn document_contains_metrics_and_dimensions() {
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
        assert_eq!(render(registry.take()), [expected]);
    }

    #[test]
    fn excess_values_continue_in_further_documents() {
        let registry = Registry::new();
        for n in 0..250 {
            registry.record(&HTTP_REQUEST_DURATION, ["GET", "/", "200"], f64::from(n));
        }
        registry.record(&COLD_STARTS, [], 1.0);
        let documents = render(registry.take());
        let values = documents.iter().filter_map(|document| document["HttpRequestDuration"].as_array());
        let lengths: Vec<usize> = values.clone().map(Vec::len).collect();
        assert_eq!((documents.len(), lengths), (4, vec![100, 100, 50]));
        let sum: f64 = values.flatten().filter_map(Value::as_f64).sum();
        assert!((sum - f64::from(250 * 249 / 2)).abs() < 0.5);
    }

    #[test]
    fn largest_document_stays_below_the_size_limit() {
        let names: Vec<&'static str> = (0..MAX_METRICS).map(|n| &*format!("{n:0>64}").leak()).collect();
        let values = vec![f64::MIN_POSITIVE; MAX_VALUES];
        let metrics =
            names.iter().map(|name| (*name, Recorded { unit: Unit::Milliseconds, values: values.clone() }));
        let snapshot = Snapshot::from([(Vec::new(), metrics.collect())]);
        assert_eq!(render(snapshot).len(), 1);
    }

    #[test]
    fn dimension_value_is_never_empty_or_too_long() {
        let registry = Registry::new();
        registry.record(&CACHE_HITS, [""], 1.0);
        registry.record(&CACHE_HITS, [&"x".repeat(2_000)], 1.0);
        let documents = render(registry.take());
        let length = |document: &Value| document["cache"].as_str().unwrap().len();
        assert_eq!(
            (documents[0]["cache"].as_str(), length(&documents[1])),
            (Some("none"), MAX_DIMENSION_VALUE)
        );
    }
}

//! Validator of EMF lines: AWS's JSON schema, further rules of its specification, and the catalogue of
//! metrics.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jsonschema::Validator;
use local::telemetry::metrics::Metrics;
use serde_json::{Value, json};
use shared::kit::telemetry::catalogue::{ALL, NAMESPACE};
use shared::kit::telemetry::emf::{MAX_BYTES, MAX_DIMENSIONS, MAX_METRICS, MAX_VALUES};
use test_support::workspace;

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let text = std::fs::read_to_string(workspace("tests/schemas/embedded-metric-format.json")).unwrap();
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
});

/// Maximum length of a dimension value in CloudWatch.
const MAX_TEXT: usize = 1_024;

/// Violations of a line of metrics; empty if it is valid.
pub(super) fn violations(line: &str) -> Vec<String> {
    let Ok(document) = serde_json::from_str::<Value>(line) else { return vec!["not JSON".to_owned()] };
    let mut violations: Vec<String> = SCHEMA.iter_errors(&document).map(|error| error.to_string()).collect();
    let mut check = |holds: bool, rule: &str| {
        if !holds {
            violations.push(rule.to_owned());
        }
    };
    check(line.len() <= MAX_BYTES, "too many bytes");
    for directive in document["_aws"]["CloudWatchMetrics"].as_array().into_iter().flatten() {
        check(directive["Namespace"] == NAMESPACE, "wrong namespace");
        let metrics = directive["Metrics"].as_array().cloned().unwrap_or_default();
        check((1..=MAX_METRICS).contains(&metrics.len()), "no metrics or too many");
        let sets = directive["Dimensions"].as_array().cloned().unwrap_or_default();
        for set in &sets {
            let names = texts(set);
            check(names.len() <= MAX_DIMENSIONS, "too many dimensions");
            let is_text = |name: &String| {
                document[name].as_str().is_some_and(|text| (1..=MAX_TEXT).contains(&text.len()))
            };
            check(names.iter().all(is_text), "a dimension without a string value");
            for metric in &metrics {
                check(is_known(metric, &names), &format!("{metric} by {names:?} is not in the catalogue"));
            }
        }
        for metric in &metrics {
            let value = &document[metric["Name"].as_str().unwrap_or_default()];
            let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            check((1..=MAX_VALUES).contains(&values.len()), "no values or too many");
            check(values.iter().all(Value::is_number), "a value that is not a number");
        }
    }
    violations
}

/// Returns true if the catalogue has a metric of this name and unit with these dimensions, besides `stage`
/// and `function`.
fn is_known(metric: &Value, names: &BTreeSet<String>) -> bool {
    ALL.iter().any(|entry| {
        let dimensions = entry.dimensions.iter().chain(&["stage", "function"]).map(|name| (*name).to_owned());
        metric["Name"] == entry.name
            && metric["Unit"] == entry.unit.as_str()
            && dimensions.collect::<BTreeSet<_>>() == *names
    })
}

fn texts(set: &Value) -> BTreeSet<String> {
    set.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn document() -> Value {
    json!({
        "_aws": {
            "Timestamp": 1_800_000_000_000_i64,
            "CloudWatchMetrics": [{
                "Namespace": "Agora",
                "Dimensions": [["stage", "function", "cache"]],
                "Metrics": [{ "Name": "CacheHits", "Unit": "Count" }],
            }],
        },
        "stage": "local",
        "function": "api-markets",
        "cache": "markets",
        "CacheHits": 1,
    })
}

#[test]
fn line_that_breaks_any_rule_is_detected() {
    let valid = document();
    assert!(Metrics::is_emf_line(&valid.to_string()));
    assert_eq!(violations(&valid.to_string()), Vec::<String>::new());
    let directive = "/_aws/CloudWatchMetrics/0";
    let invalid = [
        ("/_aws/Timestamp".to_owned(), json!("yesterday")),
        (format!("{directive}/Namespace"), json!("")),
        (format!("{directive}/Dimensions"), json!([])),
        (format!("{directive}/Dimensions/0"), json!((0..31).map(|n| format!("d{n}")).collect::<Vec<_>>())),
        (format!("{directive}/Dimensions/0"), json!(["stage", "function", "cache", "userId"])),
        (format!("{directive}/Metrics"), json!([])),
        (format!("{directive}/Metrics"), json!(vec![json!({ "Name": "CacheHits", "Unit": "Count" }); 101])),
        (format!("{directive}/Metrics/0/Unit"), json!("Furlongs")),
        (format!("{directive}/Metrics/0/Unit"), json!("Seconds")),
        (format!("{directive}/Metrics/0/Name"), json!("Nothing")),
        ("/cache".to_owned(), json!("")),
        ("/cache".to_owned(), json!(7)),
        ("/cache".to_owned(), json!("x".repeat(300 * 1024))),
        ("/CacheHits".to_owned(), json!("1")),
        ("/CacheHits".to_owned(), json!(vec![1; 101])),
        ("/CacheHits".to_owned(), json!([])),
    ];
    for (pointer, value) in invalid {
        let mut document = valid.clone();
        *document.pointer_mut(&pointer).unwrap() = value;
        assert!(!violations(&document.to_string()).is_empty(), "{pointer}: {document}");
    }
}

//! Consistency of the metrics catalogue and its documentation.

use std::collections::BTreeSet;

use shared::kit::telemetry::catalogue::ALL;
use test_support::workspace;

use crate::read;

#[test]
fn documentation_lists_the_metrics_of_the_catalogue() {
    let page = read(&workspace("docs/telemetry.md"));
    let listed: Vec<&str> = page
        .lines()
        .filter(|line| {
            line.contains("| Count |") || line.contains("| Milliseconds |") || line.contains("| None |")
        })
        .collect();
    let expected: Vec<String> = ALL
        .iter()
        .map(|metric| {
            let dimensions: Vec<String> = metric.dimensions.iter().map(|name| format!("`{name}`")).collect();
            let row = [
                format!("`{}`", metric.name),
                metric.unit.as_str().to_owned(),
                dimensions.join(", "),
                metric.help.to_owned(),
            ];
            format!("| {} |", row.join(" | ")).replace("|  |", "| |")
        })
        .collect();
    assert_eq!(listed, expected);
}

#[test]
fn metrics_have_unique_names_and_few_dimensions() {
    let names: BTreeSet<&str> = ALL.iter().map(|metric| metric.name).collect();
    assert_eq!(names.len(), ALL.len());
    for metric in &ALL {
        assert!(metric.dimensions.len() <= 3, "{} has more than three dimensions", metric.name);
        for dimension in metric.dimensions {
            assert!(!dimension.to_lowercase().ends_with("id"), "{} by {dimension}", metric.name);
        }
    }
}

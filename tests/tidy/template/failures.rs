//! Failures: visibility timeouts, alarms, and deployments that are rolled back.

use std::collections::BTreeSet;

use local::template::Template;
use serde_json::{Value, json};

use super::{ids, of_kind, resources, statements, template, texts};

/// Largest value of a property that is a number or a parameter.
fn largest(template: &Template, property: &Value) -> u64 {
    let parameter = || property["Ref"].as_str().unwrap();
    let maximum = || template.written("Parameters").unwrap()[parameter()]["MaxValue"].as_u64().unwrap();
    property.as_u64().unwrap_or_else(maximum)
}

/// Checks the rule of "Using Lambda with Amazon SQS": six times the timeout of the function, and the batching
/// window.
#[test]
fn visibility_timeouts_cover_timeouts_and_windows() {
    let template = template();
    let mut windows = 0;
    for (id, function) in of_kind(&template, "AWS::Serverless::Function") {
        let events = function["Events"].as_object().into_iter().flatten();
        for source in events.map(|(_, event)| event).filter(|event| event["Type"] == "SQS") {
            let window = &source["Properties"]["MaximumBatchingWindowInSeconds"];
            windows += u64::from(!window.is_null());
            let window = if window.is_null() { 0 } else { largest(&template, window) };
            let queue = source["Properties"]["Queue"]["Fn::GetAtt"][0].as_str().unwrap();
            let visibility =
                largest(&template, &resources(&template)[queue]["Properties"]["VisibilityTimeout"]);
            assert!(visibility >= 6 * largest(&template, &function["Timeout"]) + window, "{id}: {queue}");
        }
    }
    assert!(windows > 0, "no batching window was found");
}

/// Logical ids in the dimensions of all alarms on a metric.
fn alarmed(template: &Template, metric: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, alarm) in of_kind(template, "AWS::CloudWatch::Alarm") {
        let metrics = alarm["Metrics"].as_array().into_iter().flatten();
        for source in metrics.map(|entry| &entry["MetricStat"]["Metric"]).chain([alarm]) {
            if source["MetricName"] == metric {
                found.extend(source["Dimensions"].as_array().into_iter().flatten().filter_map(logical_id));
            }
        }
    }
    found
}

/// Logical id that a dimension refers to.
fn logical_id(dimension: &Value) -> Option<String> {
    let value = &dimension["Value"];
    let id = value.get("Ref").or_else(|| value.get("Fn::GetAtt")?.get(0))?;
    Some(id.as_str()?.to_owned())
}

#[test]
fn every_failure_has_an_alarm_with_an_action() {
    let template = template();
    let queues = ids(&template, "AWS::SQS::Queue");
    let (dead_letter_queues, queues): (BTreeSet<String>, BTreeSet<String>) =
        queues.into_iter().filter(|id| id != "OutboxFailures").partition(|id| id.ends_with("DeadLetters"));
    assert_eq!(alarmed(&template, "NumberOfMessagesReceived"), dead_letter_queues);
    let waiting = alarmed(&template, "ApproximateAgeOfOldestMessage");
    assert!(waiting.is_superset(&queues) && waiting.is_superset(&dead_letter_queues), "{waiting:?}");
    let failed_events = alarmed(&template, "ApproximateNumberOfMessagesVisible");
    assert_eq!(failed_events, BTreeSet::from(["OutboxFailures".to_owned()]));
    let functions = ids(&template, "AWS::Serverless::Function");
    assert!(alarmed(&template, "Errors").is_superset(&functions), "a function has no error alarm");
    for metric in [
        "IteratorAge",
        "OutboxBacklogAge",
        "OutboxQuarantined",
        "DamagedItems",
        "OpenDiscrepancies",
        "ReconciliationAge",
        "OldestSagaAge",
        "OldestRefundAge",
        "BreakerTransitions",
        "RefundFailures",
        "5xx",
        "Latency",
    ] {
        assert!(!alarmed(&template, metric).is_empty(), "{metric}");
    }
    let dashboard = template.written("Resources").unwrap()["Dashboard"].to_string();
    for (id, alarm) in of_kind(&template, "AWS::CloudWatch::Alarm") {
        assert_eq!(alarm["AlarmActions"], json!([{ "Ref": "Alarms" }]), "{id} has no action");
        assert!(alarm["AlarmDescription"].as_str().is_some_and(|text| text.ends_with('.')), "{id}");
        assert!(dashboard.contains(&format!("${{{id}.Arn}}")), "{id} is not on the dashboard");
    }
}

#[test]
fn deployments_shift_an_alias_and_roll_back_on_alarms() {
    let template = template();
    let functions = &template.written("Globals").unwrap()["Function"];
    assert_eq!(functions["AutoPublishAlias"], "live");
    let preference = &functions["DeploymentPreference"];
    assert_eq!(preference["Type"], json!({ "Ref": "DeploymentPreference" }));
    let alarms = texts(&preference["Alarms"]);
    let mut watched = BTreeSet::new();
    for alarm in alarms {
        let metrics = &resources(&template)[alarm]["Properties"]["Metrics"];
        let entries =
            metrics.as_array().unwrap().iter().map(|entry| &entry["MetricStat"]["Metric"]["Dimensions"]);
        watched.extend(entries.filter_map(Value::as_array).flatten().filter_map(logical_id));
    }
    let functions = ids(&template, "AWS::Serverless::Function");
    assert!(watched.is_superset(&functions), "{:?}", functions.difference(&watched));
    let moved: BTreeSet<String> = statements(&template)
        .into_iter()
        .filter(|(id, statement)| id == "DeploymentRole" && statement["Action"][0] == "lambda:GetAlias")
        .flat_map(|(_, statement)| statement["Resource"].as_array().unwrap().clone())
        .filter_map(|arn| Some(arn["Fn::GetAtt"][0].as_str()?.to_owned()))
        .collect();
    assert_eq!(moved, functions);
}

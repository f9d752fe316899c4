use serde_json::{Value, json};

use super::{Filters, PatternError};

fn matches(pattern: &Value, record: &Value) -> bool {
    Filters::any(vec![Filters::pattern(&pattern.to_string()).unwrap()]).matches(record)
}

#[test]
fn empty_filters_match_every_record() {
    assert!(Filters::default().matches(&json!({"a": 1})));
}

#[test]
fn outbox_filter_matches_only_inserts_of_outbox_events() {
    let pattern =
        json!({"eventName": ["INSERT"], "dynamodb": {"NewImage": {"kind": {"S": ["outbox-event"]}}}});
    let record = |event: &str, kind: &str| json!({"eventName": event, "dynamodb": {"NewImage": {"kind": {"S": kind}}}});
    assert!(matches(&pattern, &record("INSERT", "outbox-event")));
    assert!(!matches(&pattern, &record("MODIFY", "outbox-event")));
    assert!(!matches(&pattern, &record("INSERT", "order")));
    assert!(!matches(&pattern, &json!({"eventName": "INSERT", "dynamodb": {"Keys": {}}})));
}

#[test]
fn lists_in_pattern_and_record_match_by_any_entry() {
    assert!(matches(&json!({"a": ["x", "y"]}), &json!({"a": "y"})));
    assert!(!matches(&json!({"a": ["x", "y"]}), &json!({"a": "z"})));
    assert!(matches(&json!({"a": ["x"]}), &json!({"a": ["w", "x"]})));
}

#[test]
fn text_matches_by_prefix_suffix_and_ignored_case() {
    assert!(matches(&json!({"a": [{"prefix": "order."}]}), &json!({"a": "order.created"})));
    assert!(!matches(&json!({"a": [{"prefix": "order."}]}), &json!({"a": "user.created"})));
    assert!(matches(&json!({"a": [{"suffix": ".created"}]}), &json!({"a": "order.created"})));
    assert!(matches(&json!({"a": [{"equals-ignore-case": "YES"}]}), &json!({"a": "yes"})));
}

#[test]
fn anything_but_requires_the_field_and_excludes_values() {
    let pattern = json!({"a": [{"anything-but": ["x", {"prefix": "y"}]}]});
    assert!(matches(&pattern, &json!({"a": "z"})));
    assert!(!matches(&pattern, &json!({"a": "x"})));
    assert!(!matches(&pattern, &json!({"a": "yes"})));
    assert!(!matches(&pattern, &json!({})));
}

#[test]
fn exists_matches_leaf_values_only() {
    assert!(matches(&json!({"a": [{"exists": true}]}), &json!({"a": 1})));
    assert!(!matches(&json!({"a": [{"exists": true}]}), &json!({})));
    assert!(matches(&json!({"a": {"b": [{"exists": false}]}}), &json!({})));
    assert!(!matches(&json!({"a": {"b": [{"exists": false}]}}), &json!({"a": {"b": 1}})));
}

#[test]
fn numbers_match_by_value_and_by_bounds() {
    assert!(matches(&json!({"a": [5]}), &json!({"a": 5.0})));
    assert!(matches(&json!({"a": [{"numeric": [">", 0, "<=", 5]}]}), &json!({"a": 5})));
    assert!(!matches(&json!({"a": [{"numeric": [">", 0, "<=", 5]}]}), &json!({"a": 6})));
    assert!(!matches(&json!({"a": [{"numeric": ["=", 5]}]}), &json!({"a": "5"})));
}

#[test]
fn or_matches_either_alternative() {
    let pattern = json!({"$or": [{"a": ["x"]}, {"b": ["y"]}], "c": ["z"]});
    assert!(matches(&pattern, &json!({"a": "x", "c": "z"})));
    assert!(matches(&pattern, &json!({"b": "y", "c": "z"})));
    assert!(!matches(&pattern, &json!({"a": "x", "b": "y"})));
}

#[test]
fn unknown_filter_rule_is_refused_by_name() {
    let error = Filters::pattern(r#"{"a": [{"cidr": "10.0.0.0/8"}]}"#).unwrap_err();
    assert!(matches!(error, PatternError::Rule(rule) if rule.contains("cidr")));
    assert!(matches!(Filters::pattern(r#"{"a": "x"}"#), Err(PatternError::Shape)));
}

//! Bugs that let more pass than is allowed.

use local::faults::{RequestMutation, Service};
use serde_json::json;

use super::{SeededBug, bypass_condition, disarm_items, items, kind, place};
use crate::audit::Invariant;

pub(super) const BUGS: &[SeededBug] = &[
    SeededBug {
        name: "limit-not-kept",
        invariant: Invariant::Limits,
        description: "requests are counted, and granted whatever the count is",
        shown_by: "limits",
        slowed: None,
        mutation: || RequestMutation::new("*", Service::DynamoDb, |_, body| bypass_condition(body)),
    },
    SeededBug {
        name: "failed-logins-not-kept",
        invariant: Invariant::Limits,
        description: "failed logins are counted, and allowed whatever the count is",
        shown_by: "limits",
        slowed: None,
        mutation: || {
            RequestMutation::new("api-auth", Service::DynamoDb, |_, body| {
                disarm_items(body, |item| place(item) == "limit");
            })
        },
    },
    SeededBug {
        name: "lapsed-receipt-counts",
        invariant: Invariant::Limits,
        description: "a receipt that has lapsed stands in the way as long as the table has not deleted it",
        shown_by: "races",
        slowed: None,
        mutation: || {
            RequestMutation::new("api-orders", Service::DynamoDb, |_, body| {
                for item in items(body).filter(|item| kind(item) == "receipt") {
                    let condition = item["Put"]["ConditionExpression"].as_str().unwrap_or_default();
                    let stricter = condition.trim_start_matches('(').trim_end_matches(')');
                    item["Put"]["ConditionExpression"] =
                        json!(format!("({stricter}) AND attribute_not_exists(pk)"));
                }
            })
        },
    },
];

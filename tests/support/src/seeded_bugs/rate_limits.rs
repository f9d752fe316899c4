//! Bugs in rate limits and in the expiry of idempotency keys.

use local::faults::{RequestMutation, Service};
use serde_json::json;

use super::{SeededBug, bypass_condition, bypass_conditions, items, kind, sort_key};
use crate::audit::Invariant;

pub(super) const BUGS: &[SeededBug] = &[
    SeededBug {
        name: "rate-limit-ignored",
        invariant: Invariant::Limits,
        description: "requests are granted regardless of their count",
        detected_by: "limits",
        delayed_function: None,
        mutation: || RequestMutation::new("*", Service::DynamoDb, |_, body| bypass_condition(body)),
    },
    SeededBug {
        name: "login-limit-ignored",
        invariant: Invariant::Limits,
        description: "failed logins are allowed regardless of their count",
        detected_by: "limits",
        delayed_function: None,
        mutation: || {
            RequestMutation::new("api-auth", Service::DynamoDb, |_, body| {
                bypass_conditions(body, |item| sort_key(item) == "limit");
            })
        },
    },
    SeededBug {
        name: "expired-idempotency-key-blocks",
        invariant: Invariant::Limits,
        description: "an expired idempotency record blocks its key until the table deletes it",
        detected_by: "races",
        delayed_function: None,
        mutation: || {
            RequestMutation::new("api-orders", Service::DynamoDb, |_, body| {
                for item in items(body).filter(|item| kind(item) == "idempotency-record") {
                    let condition = item["Put"]["ConditionExpression"].as_str().unwrap_or_default();
                    let stricter = condition.trim_start_matches('(').trim_end_matches(')');
                    item["Put"]["ConditionExpression"] =
                        json!(format!("({stricter}) AND attribute_not_exists(pk)"));
                }
            })
        },
    },
];

//! Bugs that keep revoked sessions valid.

use local::faults::{RequestMutation, Service};
use serde_json::json;

use super::{SeededBug, items, kind};
use crate::audit::Invariant;

pub(super) const BUGS: &[SeededBug] = &[
    SeededBug {
        name: "token-reuse-allowed",
        invariant: Invariant::Sessions,
        description: "a session continues after its used refresh token is reused",
        detected_by: "races",
        delayed_function: None,
        mutation: || {
            RequestMutation::new("api-auth", Service::DynamoDb, |_, body| {
                for item in items(body).filter(|item| kind(item) == "session") {
                    item["Put"]["Item"]["ended"] = json!({ "NULL": true });
                }
            })
        },
    },
    SeededBug {
        name: "suspension-ignored",
        invariant: Invariant::Sessions,
        description: "a suspended account stays active",
        detected_by: "races",
        delayed_function: None,
        mutation: || {
            RequestMutation::new("api-users", Service::DynamoDb, |_, body| {
                for item in items(body).filter(|item| kind(item) == "user") {
                    item["Put"]["Item"]["status"] = json!({ "S": "active" });
                }
            })
        },
    },
];

//! Bugs that keep somebody in who should be out.

use local::faults::{RequestMutation, Service};
use serde_json::json;

use super::{SeededBug, items, kind};
use crate::audit::Invariant;

pub(super) const BUGS: &[SeededBug] = &[
    SeededBug {
        name: "reuse-forgiven",
        invariant: Invariant::Sessions,
        description: "a session goes on whose spent token was used again",
        shown_by: "races",
        slowed: None,
        mutation: || {
            RequestMutation::new("api-auth", Service::DynamoDb, |_, body| {
                for item in items(body).filter(|item| kind(item) == "session") {
                    item["Put"]["Item"]["ended"] = json!({ "NULL": true });
                }
            })
        },
    },
    SeededBug {
        name: "suspension-not-kept",
        invariant: Invariant::Sessions,
        description: "an account that is suspended stays active",
        shown_by: "races",
        slowed: None,
        mutation: || {
            RequestMutation::new("api-users", Service::DynamoDb, |_, body| {
                for item in items(body).filter(|item| kind(item) == "user") {
                    item["Put"]["Item"]["status"] = json!({ "S": "active" });
                }
            })
        },
    },
];

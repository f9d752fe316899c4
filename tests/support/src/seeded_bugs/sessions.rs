//! Bugs that keep somebody in who should be out.

use local::faults::{Plant, Service};
use serde_json::json;

use super::{Planted, items, kind};
use crate::audit::Invariant;

pub(super) const BUGS: &[Planted] = &[
    Planted {
        name: "reuse-forgiven",
        invariant: Invariant::Sessions,
        says: "a session goes on whose spent token was used again",
        shown_by: "races",
        slowed: None,
        plant: || {
            Plant::new("api-auth", Service::DynamoDb, |_, body| {
                for item in items(body).filter(|item| kind(item) == "session") {
                    item["Put"]["Item"]["ended"] = json!({ "NULL": true });
                }
            })
        },
    },
    Planted {
        name: "suspension-not-kept",
        invariant: Invariant::Sessions,
        says: "an account that is suspended stays active",
        shown_by: "races",
        slowed: None,
        plant: || {
            Plant::new("api-users", Service::DynamoDb, |_, body| {
                for item in items(body).filter(|item| kind(item) == "user") {
                    item["Put"]["Item"]["status"] = json!({ "S": "active" });
                }
            })
        },
    },
];

//! Bugs that let more pass than is allowed.

use local::faults::{Plant, Service};

use super::{Planted, disarm, disarm_items, place};
use crate::audit::Invariant;

pub(super) const BUGS: &[Planted] = &[
    Planted {
        name: "limit-not-kept",
        invariant: Invariant::Limits,
        says: "requests are counted, and granted whatever the count is",
        shown_by: "limits",
        slowed: None,
        plant: || Plant::new("*", Service::DynamoDb, |_, body| disarm(body)),
    },
    Planted {
        name: "failed-logins-not-kept",
        invariant: Invariant::Limits,
        says: "failed logins are counted, and allowed whatever the count is",
        shown_by: "limits",
        slowed: None,
        plant: || {
            Plant::new("api-auth", Service::DynamoDb, |_, body| {
                disarm_items(body, |item| place(item) == "limit");
            })
        },
    },
];

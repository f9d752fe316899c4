//! Bugs that lose pieces, or make some.

use local::faults::{RequestMutation, Service};
use serde_json::Value;

use super::{SeededBug, bypass_condition, change_numbers, disarm_items, drop_items, items, kind, place};
use crate::audit::Invariant;

const FULFILMENT: &str = "queue-fulfilment";

pub(super) const BUGS: &[SeededBug] = &[
    SeededBug {
        name: "stock-not-given-back",
        invariant: Invariant::Stock,
        description: "an order that is rejected keeps the pieces that it held",
        shown_by: "trade",
        slowed: None,
        mutation: || {
            RequestMutation::new(FULFILMENT, Service::DynamoDb, |_, body| {
                if becomes(body, "rejected") {
                    drop_items(body, |item| item.get("Update").is_some());
                }
            })
        },
    },
    SeededBug {
        name: "stock-given-back-twice",
        invariant: Invariant::Stock,
        description: "an order that is rejected gives back twice what it held",
        shown_by: "trade",
        slowed: None,
        mutation: || {
            RequestMutation::new(FULFILMENT, Service::DynamoDb, |_, body| {
                if becomes(body, "rejected") {
                    for update in items(body).filter_map(|item| item.get_mut("Update")) {
                        bypass_condition(update);
                        change_numbers(update, |by| if by > 0 { 2 * by } else { by });
                    }
                }
            })
        },
    },
    SeededBug {
        name: "stock-below-zero",
        invariant: Invariant::Stock,
        description: "pieces are reserved that are not there",
        shown_by: "trade",
        slowed: None,
        mutation: || {
            RequestMutation::new(FULFILMENT, Service::DynamoDb, |_, body| {
                disarm_items(body, |item| place(item) == "stock");
            })
        },
    },
];

/// Whether a transaction brings an order to this status.
pub(super) fn becomes(body: &mut Value, status: &str) -> bool {
    items(body).any(|item| kind(item) == "order" && item["Put"]["Item"]["status"]["S"] == status)
}

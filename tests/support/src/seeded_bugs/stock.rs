//! Bugs that lose or create units.

use local::faults::{RequestMutation, Service};
use serde_json::Value;

use super::{
    SeededBug, bypass_condition, bypass_conditions, change_numbers, drop_items, items, kind, sort_key,
};
use crate::audit::Invariant;

const FULFILMENT: &str = "queue-fulfilment";

pub(super) const BUGS: &[SeededBug] = &[
    SeededBug {
        name: "stock-not-returned",
        invariant: Invariant::Stock,
        description: "a rejected order keeps its reserved units",
        detected_by: "trade",
        delayed_function: None,
        mutation: || {
            RequestMutation::new(FULFILMENT, Service::DynamoDb, |_, body| {
                if becomes(body, "rejected") {
                    drop_items(body, |item| item.get("Update").is_some());
                }
            })
        },
    },
    SeededBug {
        name: "stock-returned-twice",
        invariant: Invariant::Stock,
        description: "a rejected order returns its reserved units twice",
        detected_by: "trade",
        delayed_function: None,
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
        description: "more units are reserved than are available",
        detected_by: "trade",
        delayed_function: None,
        mutation: || {
            RequestMutation::new(FULFILMENT, Service::DynamoDb, |_, body| {
                bypass_conditions(body, |item| sort_key(item) == "stock");
            })
        },
    },
];

/// Returns true if a transaction stores an order with this status.
pub(super) fn becomes(body: &mut Value, status: &str) -> bool {
    items(body).any(|item| kind(item) == "order" && item["Put"]["Item"]["status"]["S"] == status)
}

//! Bugs that lose money, take it twice, or leave an order halfway.

use local::faults::{RequestMutation, Service};

use super::stock::becomes;
use super::{SeededBug, disarm_items, drop_items, kind};
use crate::audit::Invariant;

const FULFILMENT: &str = "queue-fulfilment";

/// The gateway is asked without the key under which it does a thing once.
fn without_key() -> RequestMutation {
    RequestMutation::new(FULFILMENT, Service::Payments, |headers, _| {
        headers.remove("idempotency-key");
    })
}

pub(super) const BUGS: &[SeededBug] = &[
    SeededBug {
        name: "charge-without-key",
        invariant: Invariant::Sagas,
        description: "a charge carries no idempotency key",
        shown_by: "gateway-lost",
        slowed: None,
        mutation: without_key,
    },
    SeededBug {
        name: "refund-without-key",
        invariant: Invariant::Sagas,
        description: "a refund carries no idempotency key",
        shown_by: "gateway-refund-lost",
        slowed: None,
        mutation: without_key,
    },
    SeededBug {
        name: "confirmation-not-kept",
        invariant: Invariant::Sagas,
        description: "an order that is charged is not written as confirmed",
        shown_by: "trade",
        slowed: None,
        mutation: || {
            RequestMutation::new(FULFILMENT, Service::DynamoDb, |_, body| {
                if becomes(body, "confirmed") {
                    drop_items(body, |item| kind(item) == "order");
                }
            })
        },
    },
    SeededBug {
        name: "payment-not-recorded",
        invariant: Invariant::Sagas,
        description: "what was captured is not put on record",
        shown_by: "trade",
        slowed: None,
        mutation: || {
            RequestMutation::new(FULFILMENT, Service::DynamoDb, |_, body| {
                drop_items(body, |item| kind(item) == "payment");
            })
        },
    },
    SeededBug {
        name: "order-without-version",
        invariant: Invariant::Outbox,
        description: "an order is written without regard to its version",
        shown_by: "duplicates",
        slowed: Some(FULFILMENT),
        mutation: || {
            RequestMutation::new(FULFILMENT, Service::DynamoDb, |_, body| {
                disarm_items(body, |item| kind(item) == "order");
            })
        },
    },
];

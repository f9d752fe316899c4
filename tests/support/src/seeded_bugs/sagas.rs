//! Bugs that lose money, charge twice, or leave fulfilment incomplete.

use local::faults::{RequestMutation, Service};

use super::stock::becomes;
use super::{SeededBug, bypass_conditions, drop_items, kind};
use crate::audit::Invariant;

const FULFILMENT: &str = "queue-fulfilment";

/// Removes the idempotency key from requests to the payment gateway.
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
        detected_by: "gateway-lost",
        delayed_function: None,
        mutation: without_key,
    },
    SeededBug {
        name: "refund-without-key",
        invariant: Invariant::Sagas,
        description: "a refund carries no idempotency key",
        detected_by: "gateway-refund-lost",
        delayed_function: None,
        mutation: without_key,
    },
    SeededBug {
        name: "confirmation-not-stored",
        invariant: Invariant::Sagas,
        description: "a charged order is not stored as confirmed",
        detected_by: "trade",
        delayed_function: None,
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
        description: "a captured payment is not recorded",
        detected_by: "trade",
        delayed_function: None,
        mutation: || {
            RequestMutation::new(FULFILMENT, Service::DynamoDb, |_, body| {
                drop_items(body, |item| kind(item) == "payment");
            })
        },
    },
    SeededBug {
        name: "order-without-version",
        invariant: Invariant::Outbox,
        description: "an order is written without a version check",
        detected_by: "duplicates",
        delayed_function: Some(FULFILMENT),
        mutation: || {
            RequestMutation::new(FULFILMENT, Service::DynamoDb, |_, body| {
                bypass_conditions(body, |item| kind(item) == "order");
            })
        },
    },
];

//! Bugs that lose money, take it twice, or leave an order halfway.

use local::faults::{Plant, Service};

use super::stock::becomes;
use super::{Planted, disarm_items, drop_items, kind};
use crate::audit::Invariant;

const FULFILMENT: &str = "queue-fulfilment";

/// The gateway is asked without the key under which it does a thing once.
fn without_key() -> Plant {
    Plant::new(FULFILMENT, Service::Payments, |headers, _| {
        headers.remove("idempotency-key");
    })
}

pub(super) const BUGS: &[Planted] = &[
    Planted {
        name: "charge-without-key",
        invariant: Invariant::Sagas,
        says: "a charge carries no idempotency key",
        shown_by: "gateway-lost",
        slowed: None,
        plant: without_key,
    },
    Planted {
        name: "refund-without-key",
        invariant: Invariant::Sagas,
        says: "a refund carries no idempotency key",
        shown_by: "gateway-refund-lost",
        slowed: None,
        plant: without_key,
    },
    Planted {
        name: "confirmation-not-kept",
        invariant: Invariant::Sagas,
        says: "an order that is charged is not written as confirmed",
        shown_by: "trade",
        slowed: None,
        plant: || {
            Plant::new(FULFILMENT, Service::DynamoDb, |_, body| {
                if becomes(body, "confirmed") {
                    drop_items(body, |item| kind(item) == "order");
                }
            })
        },
    },
    Planted {
        name: "payment-not-recorded",
        invariant: Invariant::Sagas,
        says: "what was captured is not put on record",
        shown_by: "trade",
        slowed: None,
        plant: || {
            Plant::new(FULFILMENT, Service::DynamoDb, |_, body| {
                drop_items(body, |item| kind(item) == "payment");
            })
        },
    },
    Planted {
        name: "order-without-version",
        invariant: Invariant::Outbox,
        says: "an order is written without regard to its version",
        shown_by: "duplicates",
        slowed: Some(FULFILMENT),
        plant: || {
            Plant::new(FULFILMENT, Service::DynamoDb, |_, body| {
                disarm_items(body, |item| kind(item) == "order");
            })
        },
    },
];

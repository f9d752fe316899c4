//! Bugs in acknowledged writes and unique values.

use local::faults::{RequestMutation, Service};
use serde_json::{Value, json};

use super::{SeededBug, bypass_conditions, drop_items, items, kind};
use crate::audit::Invariant;

/// A bug in the requests of a function to the table.
macro_rules! bug {
    ($name:literal, $function:literal, $description:literal, $test:literal, $delayed:expr, $rewrite:expr) => {
        SeededBug {
            name: $name,
            invariant: Invariant::Http,
            description: $description,
            detected_by: $test,
            delayed_function: $delayed,
            mutation: || {
                let rewrite: fn(&mut Value) = $rewrite;
                RequestMutation::new($function, Service::DynamoDb, move |_, body| rewrite(body))
            },
        }
    };
}

pub(super) const BUGS: &[SeededBug] = &[
    bug!(
        "order-without-idempotency-record",
        "api-orders",
        "an order is placed without an idempotency record",
        "races",
        None,
        |body| {
            drop_items(body, |item| kind(item) == "idempotency-record");
        }
    ),
    bug!(
        "order-not-written",
        "api-orders",
        "an order is acknowledged but not stored",
        "trade",
        None,
        |body| {
            drop_items(body, |item| kind(item) == "order");
        }
    ),
    bug!(
        "total-off-by-one",
        "api-orders",
        "the total in the event of a placed order is not the sum of its lines",
        "trade",
        None,
        |body| {
            for item in items(body).filter(|item| kind(item) == "outbox-event") {
                let text = &mut item["Put"]["Item"]["body"]["S"];
                let mut event: Value =
                    text.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
                if let Some(total) = event["data"]["total"]["amount"].as_i64() {
                    event["data"]["total"]["amount"] = json!(total + 1);
                    *text = json!(event.to_string());
                }
            }
        }
    ),
    bug!(
        "product-without-version",
        "api-products",
        "a product is changed without a version check",
        "races",
        Some("api-products"),
        |body| bypass_conditions(body, |item| kind(item) == "product")
    ),
    bug!(
        "sku-not-claimed",
        "api-products",
        "a SKU is claimed without a uniqueness check",
        "races",
        Some("api-products"),
        |body| bypass_conditions(body, |item| kind(item) == "sku-claim")
    ),
    bug!(
        "address-not-claimed",
        "api-auth",
        "an e-mail address is claimed without a uniqueness check",
        "races",
        Some("api-auth"),
        |body| bypass_conditions(body, |item| kind(item) == "email-claim")
    ),
];

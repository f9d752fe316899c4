//! Bugs that break what a client was told.

use local::faults::{RequestMutation, Service};
use serde_json::{Value, json};

use super::{SeededBug, disarm_items, drop_items, items, kind};
use crate::audit::Invariant;

/// A bug in what a function writes to the table.
macro_rules! bug {
    ($name:literal, $function:literal, $says:literal, $shown_by:literal, $slowed:expr, $rewrite:expr) => {
        SeededBug {
            name: $name,
            invariant: Invariant::Http,
            description: $says,
            shown_by: $shown_by,
            slowed: $slowed,
            mutation: || {
                let rewrite: fn(&mut Value) = $rewrite;
                RequestMutation::new($function, Service::DynamoDb, move |_, body| rewrite(body))
            },
        }
    };
}

pub(super) const BUGS: &[SeededBug] = &[
    bug!(
        "order-without-receipt",
        "api-orders",
        "an order is placed without a receipt",
        "races",
        None,
        |body| {
            drop_items(body, |item| kind(item) == "receipt");
        }
    ),
    bug!(
        "order-not-written",
        "api-orders",
        "an order is acknowledged and not written",
        "trade",
        None,
        |body| {
            drop_items(body, |item| kind(item) == "order");
        }
    ),
    bug!(
        "total-off-by-one",
        "api-orders",
        "an order's total is not the sum of its lines",
        "trade",
        None,
        |body| {
            for item in items(body).filter(|item| kind(item) == "order") {
                let amount = &mut item["Put"]["Item"]["total"]["M"]["amount"]["N"];
                let sum: i64 = amount.as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
                *amount = json!((sum + 1).to_string());
            }
        }
    ),
    bug!(
        "product-without-version",
        "api-products",
        "a product is changed without regard to its version",
        "races",
        Some("api-products"),
        |body| disarm_items(body, |item| kind(item) == "product")
    ),
    bug!(
        "sku-not-claimed",
        "api-products",
        "a SKU is given out to whoever asks",
        "races",
        Some("api-products"),
        |body| disarm_items(body, |item| kind(item) == "sku-claim")
    ),
    bug!(
        "address-not-claimed",
        "api-auth",
        "an address is registered as often as it is asked for",
        "races",
        Some("api-auth"),
        |body| disarm_items(body, |item| kind(item) == "email-claim")
    ),
];

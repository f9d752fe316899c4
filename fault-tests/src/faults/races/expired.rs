//! What has lapsed decides nothing, though the table has not deleted it yet.

use http::StatusCode;
use serde_json::json;
use test_support::audit::{Invariant, Violation};

use crate::fixture::{ClientRequest, Fixture, refused};

/// A key whose time is over is as good as new: it orders something else.
pub(super) async fn a_receipt_that_has_lapsed(bench: &Fixture, number: u64) -> Result<(), Violation> {
    let product = bench.product(number, 5).await?;
    let key = local::system::aws_ids::uuid();
    let order = |quantity: i64| {
        let items = json!([{ "productId": product, "quantity": quantity }]);
        let body = json!({ "items": items, "paymentMethod": "pm_card_visa" });
        ClientRequest::post(bench.buyer(number), "/v1/orders", &key, body)
    };
    let first = bench.expect_success(&order(1)).await?;
    bench.acknowledged(first["id"].as_str().unwrap_or_default(), number);
    let lapsed = bench.shop.expire_items("receipt", &key).await;
    let (again, other) = (order(2), bench.ask_as(&order(2), &format!("{key}, lapsed")).await);
    if other.status != StatusCode::CREATED {
        return Err(Violation { invariant: Invariant::Limits, ..refused(&again, &other) });
    }
    bench.acknowledged(other.json()["data"]["id"].as_str().unwrap_or_default(), number);
    if lapsed == 1 {
        return Ok(());
    }
    Err(Violation::new(Invariant::Limits, &key, "one receipt", format!("there were {lapsed}")))
}

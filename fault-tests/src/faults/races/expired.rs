//! Expired items have no effect, even if the table has not deleted them yet.

use http::StatusCode;
use serde_json::json;
use test_support::audit::{Invariant, Violation};

use crate::fixture::{ClientRequest, Fixture, rejected};

/// An expired idempotency key can be reused for a different order.
pub(super) async fn expired_idempotency_key(fixture: &Fixture, number: u64) -> Result<(), Violation> {
    let product = fixture.product(number, 5).await?;
    let key = local::system::aws_ids::uuid();
    let order = |quantity: i64| {
        let items = json!([{ "productId": product, "quantity": quantity }]);
        let body = json!({ "items": items, "paymentMethod": "pm_card_visa" });
        ClientRequest::post(fixture.buyer(number), "/v1/orders", &key, body)
    };
    let first = fixture.expect_success(&order(1)).await?;
    fixture.record_acknowledged(first["id"].as_str().unwrap_or_default(), number);
    let expired = fixture.app.expire_items("idempotency-record", &key).await;
    let (second, response) = (order(2), fixture.send_once_as(&order(2), &format!("{key}, expired")).await);
    if response.status != StatusCode::CREATED {
        return Err(Violation { invariant: Invariant::Limits, ..rejected(&second, &response) });
    }
    fixture.record_acknowledged(response.json()["data"]["id"].as_str().unwrap_or_default(), number);
    if expired == 1 {
        return Ok(());
    }
    Err(Violation::new(Invariant::Limits, &key, "one idempotency record", format!("{expired} records")))
}

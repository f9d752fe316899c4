//! Races on products and orders.

use futures::future::{join_all, try_join_all};
use http::{Method, StatusCode};
use serde_json::json;
use test_support::audit::{Invariant, MoneyAndStock, Violation};

use super::expect_status_counts;
use crate::fixture::{ClientRequest, Fixture, rejected};
use crate::scenario::Scenario;

/// Two concurrent updates based on the same version: one succeeds, and the other fails its precondition.
pub(super) async fn two_updates_on_one_version(fixture: &Fixture, number: u64) -> Result<(), Violation> {
    let product = fixture.product(number, 1).await?;
    let titles = ["First title", "Second title"];
    let requests = titles.map(|title| change(fixture, &product, json!({ "title": title })));
    let responses =
        join_all(requests.iter().map(|request| fixture.send_if_match(request, "\"1.1.0\""))).await;
    let expected = [(StatusCode::OK, 1), (StatusCode::PRECONDITION_FAILED, 1)];
    expect_status_counts(Invariant::Http, &product, &responses, &expected)?;
    let next = change(fixture, &product, json!({ "description": "Updated again" }));
    let shown = fixture.send_if_match(&next, "\"2.1.0\"").await;
    let winner = responses.iter().find(|response| response.status == StatusCode::OK);
    let title = winner.map(|response| response.json()["data"]["title"].clone());
    if title == Some(shown.json()["data"]["title"].clone()) {
        return Ok(());
    }
    let was = shown.text;
    Err(Violation::new(Invariant::Http, &product, "the acknowledged update only", was))
}

fn change<'a>(fixture: &'a Fixture, product: &str, body: serde_json::Value) -> ClientRequest<'a> {
    let path = format!("/v1/products/{product}");
    ClientRequest {
        by: &fixture.seller,
        method: Method::PATCH,
        path,
        key: local::system::aws_ids::uuid(),
        body,
    }
}

/// Twenty identical requests under one idempotency key place one order.
pub(super) async fn twenty_requests_under_one_key(fixture: &Fixture, number: u64) -> Result<(), Violation> {
    let product = fixture.product(number, 50).await?;
    let order =
        json!({ "items": [{ "productId": product, "quantity": 1 }], "paymentMethod": "pm_card_visa" });
    let key = local::system::aws_ids::uuid();
    let request = ClientRequest::post(fixture.buyer(number), "/v1/orders", &key, order);
    let responses = try_join_all((0..20).map(|_| fixture.send(&request))).await?;
    expect_status_counts(Invariant::Http, &key, &responses, &[(StatusCode::CREATED, 20)])?;
    let id = responses[0].json()["data"]["id"].as_str().unwrap_or_default().to_owned();
    fixture.record_acknowledged(&id, number);
    let state = MoneyAndStock::read(&fixture.app).await;
    let bought = |line: &shared::domain::order::lines::ItemLine| line.product_id.to_string() == product;
    let orders = state.orders.values().filter(|order| order.lines.items().any(bought)).count();
    if orders == 1 {
        return Ok(());
    }
    Err(Violation::new(Invariant::Http, &key, "one order", format!("{orders} orders")))
}

/// Twenty buyers compete for five units; in some trials, two hundred for fifty.
pub(super) async fn more_buyers_than_stock(fixture: &Fixture, number: u64) -> Result<(), Violation> {
    let (buyers, stock) = if (number / 9) % 25 == 24 { (200, 50) } else { (20, 5) };
    let product = fixture.product(number, stock).await?;
    let orders = (0..buyers).map(|n| fixture.order(number + n, &product, 1, Some("pm_card_visa")));
    let orders = try_join_all(orders).await?;
    let mut confirmed = 0;
    for (n, order) in (0..).zip(&orders) {
        let outcome =
            |order: &serde_json::Value| order["status"] == "confirmed" || order["status"] == "rejected";
        let shown = fixture.wait_for_order(number + n, order, "confirmed or rejected", outcome).await?;
        confirmed += i64::from(shown["status"] == "confirmed");
    }
    if confirmed == stock {
        return Ok(());
    }
    let was = format!("{confirmed} confirmed");
    Err(Violation::new(Invariant::Stock, &product, format!("{stock} of {buyers} confirmed"), was))
}

/// Two concurrent creations of a product with the same SKU: exactly one succeeds.
pub(super) async fn two_products_with_one_sku(fixture: &Fixture, number: u64) -> Result<(), Violation> {
    let sku = format!("ONE-{}", local::system::aws_ids::uuid()[..13].to_uppercase());
    let price = json!({ "amount": 1_999, "currency": "EUR" });
    let product = json!({ "sku": sku, "title": "Mug", "price": price, "stock": number % 3 });
    let path = format!("/v1/markets/{}/products", fixture.market);
    let requests: Vec<ClientRequest<'_>> = (0..2)
        .map(|_| ClientRequest::post(&fixture.seller, &path, local::system::aws_ids::uuid(), product.clone()))
        .collect();
    let responses = try_join_all(requests.iter().map(|request| fixture.send(request))).await?;
    expect_status_counts(
        Invariant::Http,
        &sku,
        &responses,
        &[(StatusCode::CREATED, 1), (StatusCode::CONFLICT, 1)],
    )
}

/// Orders use a changed price at once, and an outdated expected price is rejected.
pub(super) async fn outdated_price(fixture: &Fixture, number: u64) -> Result<(), Violation> {
    let product = fixture.product(number, 5).await?;
    // A read, so that a cache of prices would contain the old price.
    let _ = fixture.app.request(Method::GET, &format!("/v1/products/{product}")).send().await;
    let price_increase =
        change(fixture, &product, json!({ "price": { "amount": 2_499, "currency": "EUR" } }));
    let changed = fixture.send_if_match(&price_increase, "*").await;
    if changed.status != StatusCode::OK {
        return Err(rejected(&price_increase, &changed));
    }
    let old_price = json!({ "amount": 1_999, "currency": "EUR" });
    let order = json!({ "items": [{ "productId": product, "quantity": 2, "expectedPrice": old_price }] });
    let request =
        ClientRequest::post(fixture.buyer(number), "/v1/orders", local::system::aws_ids::uuid(), order);
    let response = fixture.send(&request).await?;
    if response.json()["error"]["code"] != "PRICE_CHANGED" {
        let was = format!("{}: {}", response.status, response.text);
        return Err(Violation::new(Invariant::Limits, &product, "PRICE_CHANGED", was));
    }
    let placed = Scenario::Confirmed.place_order_of(fixture, number, &product).await?;
    let order = fixture
        .wait_for_order(number, &placed.id, "confirmed", |order| order["status"] == "confirmed")
        .await?;
    if order["total"]["amount"] == 2 * 2_499 {
        return Ok(());
    }
    let was = order["total"].to_string();
    Err(Violation::new(Invariant::Limits, &product, "the current price", was))
}

//! Races for things that are bought and sold.

use futures::future::{join_all, try_join_all};
use http::{Method, StatusCode};
use serde_json::json;
use test_support::audit::{Invariant, MoneyAndStock, Violation};

use super::shared_out;
use crate::fixture::{ClientRequest, Fixture, refused};
use crate::scenario::Scenario;

/// Two change a product that they saw as it was: one does, the other is told that it is another by now.
pub(super) async fn two_updates_on_one_version(bench: &Fixture, number: u64) -> Result<(), Violation> {
    let product = bench.product(number, 1).await?;
    let titles = ["One of them", "The other"];
    let wishes = titles.map(|title| change(bench, &product, json!({ "title": title })));
    let answers = join_all(wishes.iter().map(|wish| bench.send_if_match(wish, "\"1\""))).await;
    let expected = [(StatusCode::OK, 1), (StatusCode::PRECONDITION_FAILED, 1)];
    shared_out(Invariant::Http, &product, &answers, &expected)?;
    let again = change(bench, &product, json!({ "description": "Whoever won" }));
    let shown = bench.send_if_match(&again, "\"2\"").await;
    let winner = answers.iter().find(|answer| answer.status == StatusCode::OK);
    let title = winner.map(|answer| answer.json()["data"]["title"].clone());
    if title == Some(shown.json()["data"]["title"].clone()) {
        return Ok(());
    }
    let was = shown.text;
    Err(Violation::new(Invariant::Http, &product, "what was acknowledged, and nothing else", was))
}

fn change<'a>(bench: &'a Fixture, product: &str, body: serde_json::Value) -> ClientRequest<'a> {
    let path = format!("/v1/products/{product}");
    ClientRequest {
        by: &bench.seller,
        method: Method::PATCH,
        path,
        key: local::system::aws_ids::uuid(),
        body,
    }
}

/// One order is placed by twenty requests that are the same.
pub(super) async fn twenty_requests_under_one_key(bench: &Fixture, number: u64) -> Result<(), Violation> {
    let product = bench.product(number, 50).await?;
    let order =
        json!({ "items": [{ "productId": product, "quantity": 1 }], "paymentMethod": "pm_card_visa" });
    let key = local::system::aws_ids::uuid();
    let wish = ClientRequest::post(bench.buyer(number), "/v1/orders", &key, order);
    let answers = try_join_all((0..20).map(|_| bench.wish(&wish))).await?;
    shared_out(Invariant::Http, &key, &answers, &[(StatusCode::CREATED, 20)])?;
    let id = answers[0].json()["data"]["id"].as_str().unwrap_or_default().to_owned();
    bench.acknowledged(&id, number);
    let books = MoneyAndStock::read(&bench.shop).await;
    let bought = |line: &shared::domain::order::OrderLine| line.product_id.to_string() == product;
    let orders = books.orders.values().filter(|order| order.lines.iter().any(bought)).count();
    if orders == 1 {
        return Ok(());
    }
    Err(Violation::new(Invariant::Http, &key, "one order", format!("there are {orders}")))
}

/// Two hundred want one of fifty pieces, every now and then; otherwise twenty want one of five.
pub(super) async fn more_buyers_than_pieces(bench: &Fixture, number: u64) -> Result<(), Violation> {
    let (buyers, pieces) = if (number / 9) % 25 == 24 { (200, 50) } else { (20, 5) };
    let product = bench.product(number, pieces).await?;
    let orders = (0..buyers).map(|n| bench.order(number + n, &product, (1, Some("pm_card_visa"))));
    let orders = try_join_all(orders).await?;
    let mut confirmed = 0;
    for (n, order) in (0..).zip(&orders) {
        let ended =
            |order: &serde_json::Value| order["status"] == "confirmed" || order["status"] == "rejected";
        let shown = bench.order_is((number + n, order), "confirmed or rejected", ended).await?;
        confirmed += i64::from(shown["status"] == "confirmed");
    }
    if confirmed == pieces {
        return Ok(());
    }
    let was = format!("{confirmed} are");
    Err(Violation::new(Invariant::Stock, &product, format!("{pieces} of {buyers} confirmed"), was))
}

/// Two products that are listed under one SKU at the same moment: one is.
pub(super) async fn two_products_of_one_sku(bench: &Fixture, number: u64) -> Result<(), Violation> {
    let sku = format!("ONE-{}", local::system::aws_ids::uuid()[..13].to_uppercase());
    let price = json!({ "amount": 1_999, "currency": "EUR" });
    let product = json!({ "sku": sku, "title": "Mug", "price": price, "stock": number % 3 });
    let path = format!("/v1/markets/{}/products", bench.market);
    let wishes: Vec<ClientRequest<'_>> = (0..2)
        .map(|_| ClientRequest::post(&bench.seller, &path, local::system::aws_ids::uuid(), product.clone()))
        .collect();
    let answers = try_join_all(wishes.iter().map(|wish| bench.wish(wish))).await?;
    shared_out(Invariant::Http, &sku, &answers, &[(StatusCode::CREATED, 1), (StatusCode::CONFLICT, 1)])
}

/// A price that has just been changed is the price; the one of a moment ago is refused.
pub(super) async fn a_price_of_a_moment_ago(bench: &Fixture, number: u64) -> Result<(), Violation> {
    let product = bench.product(number, 5).await?;
    // Somebody looks, so that whoever remembers prices remembers this one.
    let _ = bench.shop.ask(Method::GET, &format!("/v1/products/{product}")).send().await;
    let dearer = change(bench, &product, json!({ "price": { "amount": 2_499, "currency": "EUR" } }));
    let changed = bench.send_if_match(&dearer, "*").await;
    if changed.status != StatusCode::OK {
        return Err(refused(&dearer, &changed));
    }
    let shown = json!({ "amount": 1_999, "currency": "EUR" });
    let order = json!({ "items": [{ "productId": product, "quantity": 2, "expectedPrice": shown }] });
    let wish = ClientRequest::post(bench.buyer(number), "/v1/orders", local::system::aws_ids::uuid(), order);
    let answer = bench.wish(&wish).await?;
    if answer.json()["error"]["code"] != "PRICE_CHANGED" {
        let was = format!("{}: {}", answer.status, answer.text);
        return Err(Violation::new(Invariant::Limits, &product, "PRICE_CHANGED", was));
    }
    let placed = Scenario::Confirmed.place_of(bench, number, &product).await?;
    let total =
        bench.order_is((number, &placed.id), "confirmed", |order| order["status"] == "confirmed").await?;
    if total["total"]["amount"] == 2 * 2_499 {
        return Ok(());
    }
    let was = total["total"].to_string();
    Err(Violation::new(Invariant::Limits, &product, "the price of this moment", was))
}

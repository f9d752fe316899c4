//! Batches of ten: of messages, of records of the stream; and a tick of the clock.

use http::StatusCode;
use serde_json::json;
use shared::kit::aws::dynamodb::write::outbox::OutboxEvent;

use crate::events;
use crate::fixture::{Fixture, id};
use crate::request_counts::CostTable;
use crate::workloads::TEN;

/// Counts them.
pub(super) async fn count(stage: &Fixture, book: &mut CostTable) {
    Box::pin(relayed(stage, book)).await;
    let orders = ten_orders(stage).await;
    delivered(stage, book, "count ten orders", "queue-analytics", &orders).await;
    delivered(stage, book, "fulfil ten orders of one product", "queue-fulfilment", &orders).await;
    let apart = orders_of_ten_products(stage).await;
    // Answers come one by one: what of them is noted in one commit is a matter of chance.
    let fulfilling = stage.deliver("queue-fulfilment", &apart);
    let name = "fulfil ten orders of as many products";
    book.count_up_to(stage, (name, "queue-fulfilment"), 1 + 10, fulfilling).await;
    let confirmed = stage.take_events("order.confirmed").await;
    let writing = stage.deliver("queue-emails", &confirmed);
    book.count_up_to(stage, ("write to the buyers of ten orders", "queue-emails"), 1 + 10, writing).await;
    delivered(stage, book, "index ten products", "queue-search-index", &ten_products(stage).await).await;
    delivered(stage, book, "record ten dead letters", "queue-dead-letters", &orders).await;
    delivered(stage, book, "report on a market without orders", "queue-reports", &a_job(stage).await).await;
    Box::pin(poisoned(stage, book)).await;
    stage.clear_outbox().await;
    book.count(stage, "look for what is due, and find nothing", "schedule-sweeper", async {
        stage.shop.stack().run_schedule("schedule-sweeper").await.expect("the sweeper answers");
    })
    .await;
}

async fn delivered(
    stage: &Fixture,
    book: &mut CostTable,
    name: &str,
    function: &str,
    events: &[OutboxEvent],
) {
    book.count(stage, name, function, stage.deliver(function, events)).await;
}

/// What is heard of ten orders that were placed; nothing else is left in the outbox.
async fn ten_orders(stage: &Fixture) -> Vec<OutboxEvent> {
    stage.clear_outbox().await;
    for _ in 0..TEN {
        stage.place(&local::system::aws_ids::uuid()).await;
    }
    stage.events("order.created").await
}

/// The same, none of a product that another is of.
async fn orders_of_ten_products(stage: &Fixture) -> Vec<OutboxEvent> {
    let products = list_ten(stage, "SAUCER").await;
    stage.clear_outbox().await;
    for product in products {
        stage.place_one_of(&product, &local::system::aws_ids::uuid()).await;
    }
    stage.events("order.created").await
}

async fn ten_products(stage: &Fixture) -> Vec<OutboxEvent> {
    stage.clear_outbox().await;
    list_ten(stage, "PLATE").await;
    stage.events("product.changed").await
}

/// Lists ten products; gives their ids.
async fn list_ten(stage: &Fixture, sku: &str) -> Vec<String> {
    let mut listed = Vec::with_capacity(TEN);
    for number in 0..TEN {
        let price = json!({ "amount": 999, "currency": "EUR" });
        let plate = json!({ "sku": format!("{sku}-{number}"), "title": "Plate", "price": price, "stock": 5 });
        let products = format!("/v1/markets/{}/products", stage.market);
        let product = stage.post(&stage.seller, &products, &plate, StatusCode::CREATED).await;
        listed.push(id(&product["id"]));
    }
    listed
}

/// Orders of a market are spread by chance, and units are rounded for each part: without orders, they are always the same.
async fn a_job(stage: &Fixture) -> Vec<OutboxEvent> {
    stage.clear_outbox().await;
    let market = json!({ "name": "Empty", "currency": "EUR" });
    let market = stage.post(&stage.seller, "/v1/markets", &market, StatusCode::CREATED).await;
    let job = json!({ "type": "sales_report", "params": { "marketId": market["id"] } });
    stage.post(&stage.seller, "/v1/jobs", &job, StatusCode::ACCEPTED).await;
    stage.events("job.requested").await
}

/// What the relay sends is delivered at once: nothing is counted before that is over.
async fn relayed(stage: &Fixture, book: &mut CostTable) {
    let stream = events::stream(&stage.table(), &ten_orders(stage).await);
    book.count(stage, "relay ten events to two queues each", "stream-outbox-relay", async {
        stage.accept("stream-outbox-relay", &stream).await;
    })
    .await;
    stage.shop.wait_until_idle().await;
}

/// Nine messages that are fine, and one that is not.
async fn poisoned(stage: &Fixture, book: &mut CostTable) {
    let mut orders = ten_orders(stage).await;
    "not an event".clone_into(&mut orders[TEN - 1].body);
    delivered(
        stage,
        book,
        "count nine orders beside a message that does not read",
        "queue-analytics",
        &orders,
    )
    .await;
    stage.shop.wait_until_idle().await;
}

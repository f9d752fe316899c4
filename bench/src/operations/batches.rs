//! Batches of ten messages or stream records, and the scheduled sweep.

use http::StatusCode;
use serde_json::json;
use shared::kit::aws::dynamodb::write::outbox::OutboxEvent;

use crate::events;
use crate::fixture::TEN;
use crate::fixture::{Fixture, id};
use crate::request_counts::CostTable;

/// Counts all batch operations.
pub(super) async fn count(fixture: &Fixture, costs: &mut CostTable) {
    Box::pin(count_relay(fixture, costs)).await;
    let orders = ten_orders(fixture).await;
    count_delivery(fixture, costs, "count ten orders", "queue-analytics", &orders).await;
    count_delivery(fixture, costs, "fulfil ten orders of one product", "queue-fulfilment", &orders).await;
    let independent = orders_of_ten_products(fixture).await;
    // Charges complete one by one: it depends on timing which outcomes share a commit.
    let fulfilling = fixture.deliver("queue-fulfilment", &independent);
    let name = "fulfil ten orders of ten products";
    costs.count_up_to(fixture, name, "queue-fulfilment", 1 + 10, fulfilling).await;
    let confirmed = fixture.take_events("order.confirmed").await;
    let writing = fixture.deliver("queue-emails", &confirmed);
    costs.count_up_to(fixture, "e-mail the buyers of ten orders", "queue-emails", 1 + 20, writing).await;
    count_delivery(
        fixture,
        costs,
        "index ten products",
        "queue-search-index",
        &ten_product_events(fixture).await,
    )
    .await;
    count_delivery(fixture, costs, "record ten dead letters", "queue-dead-letters", &orders).await;
    Box::pin(count_jobs(fixture, costs)).await;
    Box::pin(count_malformed(fixture, costs)).await;
    fixture.clear_outbox().await;
    costs
        .count(fixture, "sweep with nothing due", "schedule-sweeper", async {
            fixture.app.stack().run_schedule("schedule-sweeper").await.expect("the sweeper responds");
        })
        .await;
}

/// Counts a report and an export.
async fn count_jobs(fixture: &Fixture, costs: &mut CostTable) {
    let report = report_job(fixture).await;
    count_delivery(fixture, costs, "report on a market without orders", "queue-reports", &report).await;
    let export = export_job(fixture).await;
    count_delivery(fixture, costs, "export the data of a new account", "queue-reports", &export).await;
}

async fn count_delivery(
    fixture: &Fixture,
    costs: &mut CostTable,
    name: &str,
    function: &str,
    events: &[OutboxEvent],
) {
    costs.count(fixture, name, function, fixture.deliver(function, events)).await;
}

/// Places ten orders, and returns their events; the outbox contains no other event of this name.
async fn ten_orders(fixture: &Fixture) -> Vec<OutboxEvent> {
    fixture.clear_outbox().await;
    for _ in 0..TEN {
        fixture.place(&local::system::aws_ids::uuid()).await;
    }
    fixture.events("order.created").await
}

/// Places ten orders, each of a different product, and returns their events.
async fn orders_of_ten_products(fixture: &Fixture) -> Vec<OutboxEvent> {
    let products = create_ten_products(fixture, "SAUCER").await;
    fixture.clear_outbox().await;
    for product in products {
        fixture.place_one_of(&product, &local::system::aws_ids::uuid()).await;
    }
    fixture.events("order.created").await
}

async fn ten_product_events(fixture: &Fixture) -> Vec<OutboxEvent> {
    fixture.clear_outbox().await;
    create_ten_products(fixture, "PLATE").await;
    fixture.events("product.changed").await
}

/// Creates ten products, and returns their ids.
async fn create_ten_products(fixture: &Fixture, sku: &str) -> Vec<String> {
    let mut ids = Vec::with_capacity(TEN);
    for number in 0..TEN {
        let price = json!({ "amount": 999, "currency": "EUR" });
        let plate = json!({ "sku": format!("{sku}-{number}"), "title": "Plate", "price": price, "stock": 5 });
        let products = format!("/v1/markets/{}/products", fixture.market);
        let product = fixture.post(&fixture.seller, &products, &plate, StatusCode::CREATED).await;
        ids.push(id(&product["id"]));
    }
    ids
}

/// Requests a report of a market without orders, and returns the event of the job. Orders would be spread
/// over random partitions, whose units are rounded up separately, so that the count would vary.
async fn report_job(fixture: &Fixture) -> Vec<OutboxEvent> {
    fixture.clear_outbox().await;
    let market = json!({ "name": "Empty", "currency": "EUR" });
    let market = fixture.post(&fixture.seller, "/v1/markets", &market, StatusCode::CREATED).await;
    let job = json!({ "type": "sales_report", "params": { "marketId": market["id"] } });
    fixture.post(&fixture.seller, "/v1/jobs", &job, StatusCode::ACCEPTED).await;
    fixture.events("job.requested").await
}

/// Requests an export of the data of a new account, and returns the event of the job.
async fn export_job(fixture: &Fixture) -> Vec<OutboxEvent> {
    let owner = fixture.app.register("exporter").await;
    fixture.clear_outbox().await;
    let job = json!({ "type": "data_export", "params": {} });
    fixture.post(&owner, "/v1/jobs", &job, StatusCode::ACCEPTED).await;
    fixture.events("job.requested").await
}

/// Counts the relay; waits until the messages that it sends are consumed, so that they are not counted later.
async fn count_relay(fixture: &Fixture, costs: &mut CostTable) {
    let stream = events::stream(&fixture.table(), &ten_orders(fixture).await);
    costs
        .count(fixture, "relay ten events to three queues each", "stream-outbox-relay", async {
            fixture.accept("stream-outbox-relay", &stream).await;
        })
        .await;
    fixture.app.wait_until_idle().await;
}

/// Counts a batch of nine valid messages and a malformed one.
async fn count_malformed(fixture: &Fixture, costs: &mut CostTable) {
    let mut orders = ten_orders(fixture).await;
    "not an event".clone_into(&mut orders[TEN - 1].body);
    count_delivery(fixture, costs, "count nine orders and a malformed message", "queue-analytics", &orders)
        .await;
    fixture.app.wait_until_idle().await;
}

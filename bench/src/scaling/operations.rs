//! What is measured on tables of every size: each list, each search, each command and consumer, and the sweep.

use serde_json::{Value, json};

use crate::events::{batch, keyed, request};
use crate::fixture::{Fixture, all_succeeded};
use crate::implementations::Implementation;
use crate::workloads::{COUNT_TEN, PLACE_ORDER, TEN, Workload};

/// Shortens the list below.
macro_rules! read {
    ($name:literal, $function:literal, $who:ident, $path:expr) => {
        Workload {
            name: $name,
            says: $name,
            done_by: &[(Implementation::Ours, $function)],
            pieces: 1,
            events: |stage, count| {
                Box::pin(async move {
                    let token = stage.shop.log_in(&stage.$who.email).await;
                    let path: String = ($path)(stage);
                    vec![request("GET", &path, &token, None); count]
                })
            },
            holds: |answer| answer["statusCode"] == 200,
        }
    };
}

/// Shortens it as well: ten events of this name, for this consumer.
macro_rules! ten {
    ($name:literal, $function:literal, $events:expr) => {
        Workload {
            name: $name,
            says: $name,
            done_by: &[(Implementation::Ours, $function)],
            pieces: TEN,
            events: $events,
            holds: all_succeeded,
        }
    };
}

/// All of them.
pub(super) const ALL: [Workload; 21] = [
    read!("show an order", "api-orders", buyer, |stage: &Fixture| format!("/v1/orders/{}", stage.order)),
    read!("list one's orders", "api-orders", buyer, |_| "/v1/orders".to_owned()),
    read!("list one's orders, those that are confirmed", "api-orders", buyer, |_| {
        "/v1/orders?status=confirmed".to_owned()
    }),
    read!("list the orders of a market", "api-orders", seller, |stage: &Fixture| {
        format!("/v1/orders?marketId={}", stage.market)
    }),
    read!("list the products of a market", "api-products", buyer, |stage: &Fixture| {
        format!("/v1/markets/{}/products", stage.market)
    }),
    read!("list the products of a market, the second page", "api-products", buyer, |stage: &Fixture| {
        format!("/v1/markets/{}/products?page=2", stage.market)
    }),
    read!("list markets, the newest first", "api-markets", buyer, |_| "/v1/markets".to_owned()),
    read!("list markets by name", "api-markets", buyer, |_| "/v1/markets?sort=name".to_owned()),
    read!("list markets by volume", "api-markets", buyer, |_| "/v1/markets?sort=-volume".to_owned()),
    read!("what a market sold", "api-markets", seller, |stage: &Fixture| {
        format!("/v1/markets/{}/stats", stage.market)
    }),
    read!("list accounts", "api-users", admin, |_| "/v1/users".to_owned()),
    read!("find an account by its address", "api-users", admin, |_| "/v1/users?search=seller".to_owned()),
    Workload {
        name: "search for a word that most have",
        says: "search for a word that most have",
        done_by: &[(Implementation::Ours, "api-search")],
        pieces: 1,
        events: |stage, count| Box::pin(searches(stage, count)),
        holds: |answer| answer["statusCode"] == 200,
    },
    read!("list one's jobs", "api-jobs", buyer, |_| "/v1/jobs".to_owned()),
    Workload { name: "place an order", done_by: &[(Implementation::Ours, "api-orders")], ..PLACE_ORDER },
    Workload {
        name: "list a product",
        says: "list a product",
        done_by: &[(Implementation::Ours, "api-products")],
        pieces: 1,
        events: |stage, count| Box::pin(new_products(stage, count)),
        holds: |answer| answer["statusCode"] == 201,
    },
    Workload { name: "count ten orders", done_by: &[(Implementation::Ours, "queue-analytics")], ..COUNT_TEN },
    ten!("fulfil ten orders", "queue-fulfilment", |stage, count| {
        Box::pin(placed(stage, count, "queue-fulfilment"))
    }),
    ten!("write to the buyers of ten orders", "queue-emails", |stage, count| Box::pin(confirmed(
        stage, count
    ))),
    ten!("index ten products", "queue-search-index", |stage, count| Box::pin(listed(stage, count))),
    Workload {
        name: "look for what is due, and find nothing",
        says: "look for what is due, and find nothing",
        done_by: &[(Implementation::Ours, "schedule-sweeper")],
        pieces: TEN,
        events: |stage, count| Box::pin(ticks(stage, count)),
        holds: |_| true,
    },
];

/// None of which an instance remembers: each has a word more, which nothing has.
async fn searches(stage: &Fixture, count: usize) -> Vec<Value> {
    let token = stage.shop.log_in(&stage.buyer.email).await;
    let search = |number| request("GET", &format!("/v1/search?q=mug%20x{number}"), &token, None);
    (0..count).map(search).collect()
}

async fn new_products(stage: &Fixture, count: usize) -> Vec<Value> {
    let token = stage.shop.log_in(&stage.seller.email).await;
    let path = format!("/v1/markets/{}/products", stage.market);
    let product = || {
        let id = local::system::aws_ids::uuid();
        let price = json!({ "amount": 999, "currency": "EUR" });
        let body = json!({ "sku": format!("NEW-{id}"), "title": "New mug", "price": price, "stock": 5 });
        keyed(request("POST", &path, &token, Some(&body)), &id)
    };
    (0..count).map(|_| product()).collect()
}

/// Batches of what there is to hear of new orders.
async fn placed(stage: &Fixture, count: usize, consumer: &str) -> Vec<Value> {
    stage.clear_outbox().await;
    for _ in 0..count * TEN {
        stage.place(&local::system::aws_ids::uuid()).await;
    }
    let (placed, queue) = (stage.take_events("order.created").await, stage.queue_of(consumer));
    placed.chunks_exact(TEN).map(|ten| batch(&queue, ten)).collect()
}

async fn confirmed(stage: &Fixture, count: usize) -> Vec<Value> {
    for batch in placed(stage, count, "queue-fulfilment").await {
        stage.accept("queue-fulfilment", &batch).await;
    }
    let (confirmed, queue) = (stage.take_events("order.confirmed").await, stage.queue_of("queue-emails"));
    confirmed.chunks_exact(TEN).map(|ten| batch(&queue, ten)).collect()
}

async fn listed(stage: &Fixture, count: usize) -> Vec<Value> {
    stage.clear_outbox().await;
    for event in new_products(stage, count * TEN).await {
        let answer = stage.shop.stack().invoke("api-products", &event).await.expect("a product is listed");
        assert_eq!(answer["statusCode"], 201, "{answer}");
    }
    let (listed, queue) = (stage.take_events("product.changed").await, stage.queue_of("queue-search-index"));
    listed.chunks_exact(TEN).map(|ten| batch(&queue, ten)).collect()
}

async fn ticks(stage: &Fixture, count: usize) -> Vec<Value> {
    stage.clear_outbox().await;
    vec![stage.tick(); count]
}

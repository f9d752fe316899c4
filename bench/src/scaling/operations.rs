//! Operations of the scaling benchmark: lists, searches, commands, consumers and the sweep.

use serde_json::{Value, json};

use crate::events::{batch, keyed, request};
use crate::fixture::{Fixture, TEN, all_succeeded};
use crate::implementations::Implementation;
use crate::workloads::{COUNT_TEN, PLACE_ORDER, Workload};

/// Declares a `GET` request of a user.
macro_rules! read {
    ($name:literal, $function:literal, $user:ident, $path:expr) => {
        Workload {
            name: $name,
            description: $name,
            binaries: &[(Implementation::Ours, $function)],
            batch_size: 1,
            events: |fixture, count| {
                Box::pin(async move {
                    let token = fixture.app.log_in(&fixture.$user.email).await;
                    let path: String = ($path)(fixture);
                    vec![request("GET", &path, &token, None); count]
                })
            },
            is_expected: |response| response["statusCode"] == 200,
        }
    };
}

/// Declares a consumer that handles batches of ten events.
macro_rules! batch_of_ten {
    ($name:literal, $function:literal, $events:expr) => {
        Workload {
            name: $name,
            description: $name,
            binaries: &[(Implementation::Ours, $function)],
            batch_size: TEN,
            events: $events,
            is_expected: all_succeeded,
        }
    };
}

/// All measured operations.
pub(super) const ALL: [Workload; 21] = [
    read!("show an order", "api-orders", buyer, |fixture: &Fixture| format!("/v1/orders/{}", fixture.order)),
    read!("list own orders", "api-orders", buyer, |_| "/v1/orders".to_owned()),
    read!("list own orders, confirmed only", "api-orders", buyer, |_| {
        "/v1/orders?status=confirmed".to_owned()
    }),
    read!("list the orders of a market", "api-orders", seller, |fixture: &Fixture| {
        format!("/v1/orders?marketId={}", fixture.market)
    }),
    read!("list the products of a market", "api-products", buyer, |fixture: &Fixture| {
        format!("/v1/markets/{}/products", fixture.market)
    }),
    read!("list the products of a market, second page", "api-products", buyer, |fixture: &Fixture| {
        format!("/v1/markets/{}/products?page=2", fixture.market)
    }),
    read!("list markets, newest first", "api-markets", buyer, |_| "/v1/markets".to_owned()),
    read!("list markets by name", "api-markets", buyer, |_| "/v1/markets?sort=name".to_owned()),
    read!("list markets by volume", "api-markets", buyer, |_| "/v1/markets?sort=-volume".to_owned()),
    read!("show the statistics of a market", "api-markets", seller, |fixture: &Fixture| {
        format!("/v1/markets/{}/stats", fixture.market)
    }),
    read!("list accounts", "api-users", admin, |_| "/v1/users".to_owned()),
    read!("find an account by e-mail address", "api-users", admin, |_| "/v1/users?search=seller".to_owned()),
    Workload {
        name: "search for a common word",
        description: "search for a common word",
        binaries: &[(Implementation::Ours, "api-search")],
        batch_size: 1,
        events: |fixture, count| Box::pin(searches(fixture, count)),
        is_expected: |response| response["statusCode"] == 200,
    },
    read!("list own jobs", "api-jobs", buyer, |_| "/v1/jobs".to_owned()),
    Workload { name: "place an order", binaries: &[(Implementation::Ours, "api-orders")], ..PLACE_ORDER },
    Workload {
        name: "create a product",
        description: "create a product",
        binaries: &[(Implementation::Ours, "api-products")],
        batch_size: 1,
        events: |fixture, count| Box::pin(new_products(fixture, count)),
        is_expected: |response| response["statusCode"] == 201,
    },
    Workload {
        name: "count ten orders",
        binaries: &[(Implementation::Ours, "queue-analytics")],
        ..COUNT_TEN
    },
    batch_of_ten!("fulfil ten orders", "queue-fulfilment", |fixture, count| {
        Box::pin(placed(fixture, count, "queue-fulfilment"))
    }),
    batch_of_ten!("e-mail the buyers of ten orders", "queue-emails", |fixture, count| Box::pin(confirmed(
        fixture, count
    ))),
    batch_of_ten!("index ten products", "queue-search-index", |fixture, count| Box::pin(created_products(
        fixture, count
    ))),
    Workload {
        name: "sweep with nothing due",
        description: "sweep with nothing due",
        binaries: &[(Implementation::Ours, "schedule-sweeper")],
        batch_size: TEN,
        events: |fixture, count| Box::pin(ticks(fixture, count)),
        is_expected: |_| true,
    },
];

/// Search requests that no instance has cached: each has an additional word without matches.
async fn searches(fixture: &Fixture, count: usize) -> Vec<Value> {
    let token = fixture.app.log_in(&fixture.buyer.email).await;
    let search = |number| request("GET", &format!("/v1/search?q=mug%20x{number}"), &token, None);
    (0..count).map(search).collect()
}

async fn new_products(fixture: &Fixture, count: usize) -> Vec<Value> {
    let token = fixture.app.log_in(&fixture.seller.email).await;
    let path = format!("/v1/markets/{}/products", fixture.market);
    let product = || {
        let id = local::system::aws_ids::uuid();
        let price = json!({ "amount": 999, "currency": "EUR" });
        let body = json!({ "sku": format!("NEW-{id}"), "title": "New mug", "price": price, "stock": 5 });
        keyed(request("POST", &path, &token, Some(&body)), &id)
    };
    (0..count).map(|_| product()).collect()
}

/// Places orders, and returns their events in batches for `consumer`.
async fn placed(fixture: &Fixture, count: usize, consumer: &str) -> Vec<Value> {
    fixture.clear_outbox().await;
    for _ in 0..count * TEN {
        fixture.place(&local::system::aws_ids::uuid()).await;
    }
    let (placed, queue) = (fixture.take_events("order.created").await, fixture.queue_of(consumer));
    placed.chunks_exact(TEN).map(|ten| batch(&queue, ten)).collect()
}

async fn confirmed(fixture: &Fixture, count: usize) -> Vec<Value> {
    for batch in placed(fixture, count, "queue-fulfilment").await {
        fixture.accept("queue-fulfilment", &batch).await;
    }
    let (confirmed, queue) = (fixture.take_events("order.confirmed").await, fixture.queue_of("queue-emails"));
    confirmed.chunks_exact(TEN).map(|ten| batch(&queue, ten)).collect()
}

async fn created_products(fixture: &Fixture, count: usize) -> Vec<Value> {
    fixture.clear_outbox().await;
    for event in new_products(fixture, count * TEN).await {
        let response =
            fixture.app.stack().invoke("api-products", &event).await.expect("the function responds");
        assert_eq!(response["statusCode"], 201, "{response}");
    }
    let (created, queue) =
        (fixture.take_events("product.changed").await, fixture.queue_of("queue-search-index"));
    created.chunks_exact(TEN).map(|ten| batch(&queue, ten)).collect()
}

async fn ticks(fixture: &Fixture, count: usize) -> Vec<Value> {
    fixture.clear_outbox().await;
    vec![fixture.tick(); count]
}

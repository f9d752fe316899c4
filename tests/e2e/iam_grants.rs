//! Least privilege: the local stack refuses what the policies of a function do not grant, so that everything else here
//! proves that nothing is missing. This proves that nothing is left over: every grant is used.

use std::collections::BTreeSet;
use std::time::Duration;

use http::{Method, StatusCode};
use local::faults::{Fault, Rule, Service};
use serde_json::json;
use shared::domain::job::Priority;
use shared::domain::job::create::CreateJob;
use shared::domain::market::create::{CreateMarket, InitialStatus};
use shared::domain::order::place::{OrderItem, PlaceOrder};
use shared::domain::user::register::RegisterUser;
use shared::domain::user::{Credentials, Role};
use shared::domain::values::actor::Actor;
use shared::kit::aws::dynamodb::{DynamoStore, Table};
use shared::kit::command::{Command, Store};
use shared::kit::system::clock::{Clock, SystemClock};
use stripe_sandbox::{Effect, Operation, Rule as Behaviour};
use test_support::TestApp;
use test_support::app::eventually;
use test_support::fixture::{cause, id, new_id};

use crate::attacks::{Fixture, Report, routes};
use crate::crashes::settle;

const REPORTS: &str = "queue-reports";

/// The functions that consume a queue, with their queue.
const CONSUMERS: [(&str, &str); 6] = [
    ("queue-fulfilment", "FulfilmentQueue"),
    ("queue-analytics", "AnalyticsQueue"),
    ("queue-search-index", "SearchIndexQueue"),
    ("queue-emails", "EmailsQueue"),
    (REPORTS, "ReportsQueue"),
    (REPORTS, "UrgentReportsQueue"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_grant_of_every_function_is_used() {
    let world = Fixture::open_with(|builder| {
        builder
            .parameter("PaymentWindowSeconds", "1")
            .parameter("PaymentGatewayBreakerOpenSeconds", "1")
            .parameter("ReconciliationSeconds", "0")
            // A report of two orders is handed over once.
            .parameter("ReportPageSize", "1")
            .parameter("ReportTimeSliceSeconds", "0")
    })
    .await;
    let mut report = Report::default();
    routes::run(&world, &mut report).await;
    assert_eq!(report.failures(), Vec::<String>::new());
    read_lists_in_every_order(&world).await;
    sell_and_undo(&world).await;
    close_a_market_that_was_counted(&world).await;
    for priority in ["normal", "high"] {
        ask_for_a_report(&world, priority).await;
    }
    for (function, queue) in CONSUMERS {
        fail_once_and_for_good(&world, function, queue).await;
    }
    lose_the_gateway(&world).await;
    miss_events(&world).await;
    settle(&world.shop).await;

    let stack = world.shop.stack();
    let mut unused = Vec::new();
    for function in &stack.deployment().functions {
        let left = stack.access().unused(&function.stem);
        unused.extend(left.into_iter().map(|grant| format!("{}: {grant:?}", function.stem)));
    }
    assert_eq!(unused, Vec::<String>::new());
    assert_eq!(stack.access().denied(), BTreeSet::new());
}

async fn read_lists_in_every_order(world: &Fixture) {
    for path in [
        "/v1/users?sort=name",
        "/v1/users?search=canary-b",
        "/v1/users?page=2&limit=1",
        "/v1/markets?sort=name",
        "/v1/markets?sort=-volume&include=creator",
        "/v1/orders?limit=1",
        &format!("/v1/orders?marketId={}", world.market),
    ] {
        let answer = world.shop.ask(Method::GET, path).by(&world.admin).send().await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    }
}

/// An order that is shipped and refunded, one that expires, and one that is cancelled after it was paid.
async fn sell_and_undo(world: &Fixture) {
    let (shop, seller) = (&world.shop, &world.seller);
    let act = async |order: &str, action: &str, body: serde_json::Value| {
        let ask = shop.ask(Method::POST, &format!("/v1/orders/{order}/{action}")).by(seller);
        let answer = ask.key(&local::system::aws_ids::uuid()).json(&body).send().await;
        assert_eq!(answer.status, StatusCode::OK, "{action}: {}", answer.text);
    };
    let waits = world.new_order().await;
    shop.order_in(&world.buyer, &waits, &["awaiting_payment"]).await;
    act(&world.order, "ship", json!({ "carrier": "Post", "trackingNumber": "1" })).await;
    act(
        &world.order,
        "refund",
        json!({ "reason": "scratched", "amount": { "amount": 5, "currency": "EUR" } }),
    )
    .await;
    let expired = || async {
        shop.stack().run_schedule("schedule-sweeper").await.unwrap();
        (shop.get_order(&world.buyer, &waits).await["status"] == "expired").then_some(())
    };
    eventually("the order expires", expired).await;
    shop.wait_until_idle().await;
}

async fn close_a_market_that_was_counted(world: &Fixture) {
    let market = world.new_market().await;
    world.shop.wait_until_idle().await;
    let ask = world.shop.ask(Method::DELETE, &format!("/v1/markets/{market}")).by(&world.seller);
    assert_eq!(ask.header("if-match", "*").send().await.status, StatusCode::NO_CONTENT);
}

/// Has the sales of the seller's market reported.
async fn ask_for_a_report(world: &Fixture, priority: &str) {
    let body =
        json!({ "type": "sales_report", "params": { "marketId": world.market }, "priority": priority });
    let ask = world.shop.ask(Method::POST, "/v1/jobs").by(&world.seller).key(&local::system::aws_ids::uuid());
    assert_eq!(ask.json(&body).send().await.status, StatusCode::ACCEPTED);
}

/// A message that finds the table busy comes back; one that nobody can read is dead.
async fn fail_once_and_for_good(world: &Fixture, function: &str, queue: &str) {
    let shop = &world.shop;
    let busy = Rule::new(function, Fault::throttled()).service(Service::DynamoDb).times(12);
    let busy = shop.stack().faults().inject(busy);
    let (letters, email) = (world.all_dead_letters().await, local::system::aws_ids::uuid());
    // Everybody hears of one of these.
    shop.customer(&email).await;
    world.new_market().await;
    world.new_order().await;
    ask_for_a_report(world, if queue == "UrgentReportsQueue" { "high" } else { "normal" }).await;
    assert!(busy.wait_until_triggered(test_support::app::WAIT_TIMEOUT).await, "{function}");
    settle(shop).await;
    shop.send_message(queue, "{}").await;
    let dead = || async { (world.all_dead_letters().await > letters).then_some(()) };
    eventually("the message is dead", dead).await;
    shop.stack().faults().clear();
}

/// An order meets a gateway that is left alone, and comes again later.
async fn lose_the_gateway(world: &Fixture) {
    let shop = &world.shop;
    shop.stack().payments().add_fault_rule(Behaviour::on(Operation::Any, Effect::Fail { status: 503 }));
    for n in 0..10 {
        shop.order(&world.buyer, &format!("lost-{n}"), &world.product, 1, Some("pm_card_visa")).await;
    }
    let postponed = || async {
        let lines = shop.stack().logs().lines("queue-fulfilment");
        lines.iter().any(|line| line.contains(r#""postponed""#)).then_some(())
    };
    eventually("an order is put off", postponed).await;
    shop.stack().payments().clear_fault_rules();
}

/// While the relay is down, something happens that every queue hears of; minutes later the sweeper publishes it.
async fn miss_events(world: &Fixture) {
    let shop = &world.shop;
    let down = Rule::new("stream-outbox-relay", Fault::unavailable()).times(u64::MAX);
    shop.stack().faults().inject(down);
    let by = Actor { user: new_id(), role: Role::User };
    let email = format!("{}@example.com", local::system::aws_ids::uuid());
    let register = RegisterUser {
        id: by.user,
        email: email.parse().unwrap(),
        name: "Ada".parse().unwrap(),
        role: Role::User,
        credentials: Credentials { password_hash: String::new() },
    };
    happened(shop, register).await;
    let (name, currency) = ("Cups".parse().unwrap(), "EUR".parse().unwrap());
    let (products, description, status) = (Vec::new(), None, InitialStatus::Active);
    happened(shop, CreateMarket { id: new_id(), by, name, description, currency, status, products }).await;
    let quantity = 1.try_into().unwrap();
    let items = vec![OrderItem { product_id: id(&world.product), quantity, expected_price: None }];
    happened(shop, PlaceOrder { id: new_id(), by, items, payment_method: None }).await;
    for priority in [Priority::Normal, Priority::High] {
        let (by, market_id) = (Actor { user: id(&world.seller.id), role: Role::User }, id(&world.market));
        let (from, to, run_at, reads_any) = (None, None, None, false);
        let retention = "1".parse().unwrap();
        let request =
            CreateJob { id: new_id(), by, reads_any, market_id, from, to, priority, run_at, retention };
        happened(shop, request).await;
    }
    shop.stack().run_schedule("schedule-sweeper").await.unwrap();
    shop.stack().faults().clear();
}

/// Carries a command out as if it were two minutes ago.
async fn happened<C: Command>(shop: &TestApp, command: C) {
    let table = shop.stack().table_name("Table").unwrap();
    let store = DynamoStore::new(Table::new(shop.dynamodb(), table));
    let cause = cause(SystemClock.now().saturating_sub(Duration::from_mins(2)));
    assert!(store.execute(command, &cause).await.is_ok());
}

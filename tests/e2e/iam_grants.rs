//! Least privilege. The local stack denies calls that a function's policies do not grant, so the other tests
//! show that no grant is missing. This test shows that no grant is unused.

use std::collections::BTreeSet;
use std::time::Duration;

use http::{Method, StatusCode};
use local::faults::{Fault, Rule, Service};
use serde_json::json;
use shared::domain::job::Priority;
use shared::domain::job::create::{CreateJob, RequestedWork};
use shared::domain::market::create::{CreateMarket, InitialStatus};
use shared::domain::market::settings::set::{SetMarketSettings, SettingsRight};
use shared::domain::market::settings::shipping::ShippingSettings;
use shared::domain::order::lines::cart::{Cart, CartItem, Supply};
use shared::domain::order::place::PlaceOrder;
use shared::domain::user::register::RegisterUser;
use shared::domain::user::{Credentials, Role};
use shared::domain::values::actor::Actor;
use shared::kit::aws::dynamodb::{DynamoStore, Table};
use shared::kit::command::{Command, Store};
use shared::kit::system::clock::{Clock, SystemClock};
use stripe_sandbox::{Effect, Operation, Rule as Behaviour};
use test_support::TestApp;
use test_support::app::eventually;
use test_support::fixture::{id, new_id, sales_report, shipping_address, test_context};

use crate::attacks::{Fixture, PASSWORD, Report, routes};
use crate::crashes::settle;
use crate::reconciliation::{pay, payment_intent};

const REPORTS: &str = "queue-reports";

/// Functions that consume a queue, with their queues.
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
    let fixture = Fixture::open_with(|builder| {
        builder
            .parameter("PaymentWindowSeconds", "1")
            .parameter("PaymentGatewayBreakerOpenSeconds", "1")
            .parameter("ReconciliationSeconds", "0")
            // A report of two orders needs two invocations.
            .parameter("ReportPageSize", "1")
            .parameter("ReportTimeSliceSeconds", "0")
    })
    .await;
    let mut report = Report::default();
    routes::run(&fixture, &mut report).await;
    assert_eq!(report.failures(), Vec::<String>::new());
    list_in_each_sort_order(&fixture).await;
    ship_refund_and_expire(&fixture).await;
    reconcile_a_missed_payment(&fixture).await;
    delete_a_market(&fixture).await;
    change_an_address(&fixture).await;
    for priority in ["normal", "high"] {
        create_report(&fixture, priority).await;
    }
    run_each_other_job_type(&fixture).await;
    for (function, queue) in CONSUMERS {
        fail_temporarily_and_permanently(&fixture, function, queue).await;
    }
    take_the_gateway_down(&fixture).await;
    publish_missed_events(&fixture).await;
    // The due address is erased once its order no longer changes: the first sweep may expire the order.
    for _ in 0..2 {
        settle(&fixture.app).await;
        fixture.app.stack().run_schedule("schedule-sweeper").await.unwrap();
    }

    let stack = fixture.app.stack();
    let mut unused = Vec::new();
    for function in &stack.deployment().functions {
        let grants = stack.iam_policies().unused(&function.stem);
        unused.extend(grants.into_iter().map(|grant| format!("{}: {grant:?}", function.stem)));
    }
    assert_eq!(unused, Vec::<String>::new());
    assert_eq!(stack.iam_policies().denied(), BTreeSet::new());
}

async fn list_in_each_sort_order(fixture: &Fixture) {
    for path in [
        "/v1/users?sort=name",
        "/v1/users?search=canary-b",
        "/v1/users?page=2&limit=1",
        "/v1/markets?sort=name",
        "/v1/markets?sort=-volume&include=creator",
        "/v1/orders?limit=1",
        &format!("/v1/orders?marketId={}", fixture.market),
        &format!("/v1/markets/{}/products?sort=-price&minPrice=1", fixture.market),
        &format!("/v1/markets/{}/products?sort=title", fixture.market),
        &format!("/v1/markets/{}/products?search=mug", fixture.market),
        &format!("/v1/events?subject={}", fixture.market),
    ] {
        let response = fixture.app.request(Method::GET, path).by(&fixture.admin).send().await;
        assert_eq!(response.status, StatusCode::OK, "{path}: {}", response.text);
    }
}

/// Ships and partly refunds an order, and lets another one expire.
async fn ship_refund_and_expire(fixture: &Fixture) {
    let (app, seller) = (&fixture.app, &fixture.seller);
    let act = async |order: &str, action: &str, body: serde_json::Value| {
        let request = app.request(Method::POST, &format!("/v1/orders/{order}/{action}")).by(seller);
        let response = request.key(&local::system::aws_ids::uuid()).json(&body).send().await;
        assert_eq!(response.status, StatusCode::OK, "{action}: {}", response.text);
    };
    let unpaid = fixture.new_order().await;
    app.wait_for_order(&fixture.buyer, &unpaid, &["awaiting_payment"]).await;
    // The payment gateway's webhook reports the payment before the consumer can record it.
    let slow = Rule::new("queue-fulfilment", Fault::Delay(Duration::from_secs(1)));
    app.stack().faults().inject(slow.operation("TransactWriteItems").times(u64::MAX));
    let paid = app.order(&fixture.buyer, "slow", &fixture.product, 1, Some("pm_card_visa")).await;
    let paid = paid.data(StatusCode::CREATED);
    app.wait_for_order(&fixture.buyer, paid["id"].as_str().unwrap(), &["confirmed"]).await;
    act(&fixture.order, "ship", json!({ "carrier": "Post", "trackingNumber": "1" })).await;
    act(
        &fixture.order,
        "refund",
        json!({ "reason": "scratched", "amount": { "amount": 5, "currency": "EUR" } }),
    )
    .await;
    let expired = || async {
        app.stack().run_schedule("schedule-sweeper").await.unwrap();
        (app.get_order(&fixture.buyer, &unpaid).await["status"] == "expired").then_some(())
    };
    eventually("the order expires", expired).await;
    app.wait_until_idle().await;
    app.stack().faults().clear_rules();
}

/// Pays an order whose webhook is lost. The sweeper records the payment before the consumer can.
async fn reconcile_a_missed_payment(fixture: &Fixture) {
    let (app, buyer) = (&fixture.app, &fixture.buyer);
    let order = fixture.new_order().await;
    let intent = payment_intent(app, buyer, &order).await;
    let slow = Rule::new("queue-fulfilment", Fault::Delay(Duration::from_secs(1)));
    app.stack().faults().inject(slow.operation("TransactWriteItems").times(u64::MAX));
    app.stack().payments().add_fault_rule(Behaviour::on(Operation::Any, Effect::WebhookDrop));
    assert_eq!(pay(app, &intent).await, 200);
    let confirmed = || async {
        app.stack().run_schedule("schedule-sweeper").await.unwrap();
        (app.get_order(buyer, &order).await["status"] == "confirmed").then_some(())
    };
    eventually("the payment is found", confirmed).await;
    app.wait_until_idle().await;
    app.stack().faults().clear_rules();
    app.stack().payments().clear_fault_rules();
}

async fn delete_a_market(fixture: &Fixture) {
    let market = fixture.new_market().await;
    fixture.app.wait_until_idle().await;
    let request = fixture.app.request(Method::DELETE, &format!("/v1/markets/{market}")).by(&fixture.seller);
    assert_eq!(request.header("if-match", "*").send().await.status, StatusCode::NO_CONTENT);
    // The seller of a deleted market is that of its orders. It has none.
    let ledger = format!("/v1/markets/{market}/ledger");
    let entries = fixture.app.request(Method::GET, &ledger).by(&fixture.seller).send().await;
    assert_eq!(entries.status, StatusCode::NOT_FOUND);
}

/// Replaces the address of an account with a verified one.
async fn change_an_address(fixture: &Fixture) {
    let (app, user) = (&fixture.app, fixture.app.register("mover").await);
    let new = "moved@example.com";
    let body = json!({ "email": new, "currentPassword": PASSWORD });
    let change = app.request(Method::PATCH, "/v1/users/me").by(&user).header("if-match", "*").json(&body);
    assert_eq!(change.send().await.data(StatusCode::OK)["pendingEmail"], new);
    assert_eq!(app.verify_email(new).await["email"], new);
}

/// Creates a sales report job of the seller's market.
async fn create_report(fixture: &Fixture, priority: &str) {
    let body =
        json!({ "type": "sales_report", "params": { "marketId": fixture.market }, "priority": priority });
    let request = fixture
        .app
        .request(Method::POST, "/v1/jobs")
        .by(if priority == "high" { &fixture.moderator } else { &fixture.seller })
        .key(&local::system::aws_ids::uuid());
    assert_eq!(request.json(&body).send().await.status, StatusCode::ACCEPTED);
}

/// Runs a reindex of everything and a data export, lists each by its status, and deletes it.
async fn run_each_other_job_type(fixture: &Fixture) {
    for (user, job_type) in [(&fixture.admin, "reindex"), (&fixture.seller, "data_export")] {
        let request = fixture.app.request(Method::POST, "/v1/jobs").by(user).key(job_type);
        let created = request.json(&json!({ "type": job_type, "params": {} })).send().await;
        assert_eq!(created.status, StatusCode::ACCEPTED, "{}", created.text);
        let location = created.headers["location"].to_str().unwrap();
        let succeeded = || async {
            fixture.app.stack().run_schedule("schedule-sweeper").await.unwrap();
            let job = fixture.app.request(Method::GET, location).by(user).send().await.data(StatusCode::OK);
            (job["status"] == "succeeded").then_some(())
        };
        eventually(&format!("the {job_type} succeeds"), succeeded).await;
        let list = fixture.app.request(Method::GET, "/v1/jobs?status=succeeded").by(user).send().await;
        assert_eq!(list.data(StatusCode::OK)[0]["type"], job_type);
        let delete = fixture.app.request(Method::DELETE, location).by(user).header("if-match", "*");
        assert_eq!(delete.send().await.status, StatusCode::NO_CONTENT);
    }
}

/// Redelivers messages while the table throttles a function, and dead-letters an invalid message.
async fn fail_temporarily_and_permanently(fixture: &Fixture, function: &str, queue: &str) {
    let app = &fixture.app;
    let throttled = Rule::new(function, Fault::throttled()).service(Service::DynamoDb).times(12);
    let throttled = app.stack().faults().inject(throttled);
    // A message that cannot be sent again is redelivered.
    let refused = Rule::new(function, Fault::unavailable()).service(Service::Sqs).operation("SendMessage");
    app.stack().faults().inject(refused.times(12));
    let (count, email) = (fixture.all_dead_letters().await, local::system::aws_ids::uuid());
    // Each queue subscribes to one of these events.
    app.register(&email).await;
    fixture.new_market().await;
    fixture.new_order().await;
    create_report(fixture, if queue == "UrgentReportsQueue" { "high" } else { "normal" }).await;
    assert!(throttled.wait_until_triggered(test_support::app::WAIT_TIMEOUT).await, "{function}");
    settle(app).await;
    app.send_message(queue, "{}").await;
    let dead = || async { (fixture.all_dead_letters().await > count).then_some(()) };
    eventually("the message is dead-lettered", dead).await;
    app.stack().faults().clear();
}

/// Delays orders while the gateway is down and the breaker is open.
async fn take_the_gateway_down(fixture: &Fixture) {
    let app = &fixture.app;
    app.stack().payments().add_fault_rule(Behaviour::on(Operation::Any, Effect::Fail { status: 503 }));
    for n in 0..10 {
        app.order(&fixture.buyer, &format!("lost-{n}"), &fixture.product, 1, Some("pm_card_visa")).await;
    }
    let delayed = || async {
        let lines = app.stack().logs().lines("queue-fulfilment");
        lines.iter().any(|line| line.contains(r#""outcome":"retry""#)).then_some(())
    };
    eventually("an order is delayed", delayed).await;
    app.stack().payments().clear_fault_rules();
}

/// Writes events for each queue while the relay is down, and has the sweeper publish them.
async fn publish_missed_events(fixture: &Fixture) {
    let app = &fixture.app;
    let down = Rule::new("stream-outbox-relay", Fault::unavailable()).times(u64::MAX);
    app.stack().faults().inject(down);
    let by = Actor { user: new_id(), role: Role::User };
    let email = format!("{}@example.com", local::system::aws_ids::uuid());
    let register = RegisterUser {
        id: by.user,
        email: email.parse().unwrap(),
        name: "Ada".parse().unwrap(),
        role: Role::User,
        credentials: Credentials { password_hash: String::new() },
    };
    run_in_the_past(app, 2, register).await;
    let (name, currency) = ("Cups".parse().unwrap(), "EUR".parse().unwrap());
    let (products, description, status) = (Vec::new(), None, InitialStatus::Active);
    run_in_the_past(app, 2, CreateMarket { id: new_id(), by, name, description, currency, status, products })
        .await;
    let quantity = 1.try_into().unwrap();
    let items = vec![CartItem { product_id: id(&fixture.product), quantity, expected_price: None }];
    // Old enough to be resumed by the sweeper.
    let place = PlaceOrder::new(new_id(), by, Cart::new(Some(id(&fixture.market)), items), None);
    run_in_the_past(app, 20, place.clone()).await;
    place_order_with_due_address(fixture, place).await;
    for priority in [Priority::Normal, Priority::High] {
        let by = Actor { user: id(&fixture.seller.id), role: Role::User };
        let work = RequestedWork::SalesReport { market_id: id(&fixture.market), from: None, to: None };
        let request =
            CreateJob { id: new_id(), by, work, priority: Some(priority), ..sales_report(new_id()) };
        run_in_the_past(app, 2, request).await;
    }
    app.stack().run_schedule("schedule-sweeper").await.unwrap();
    app.stack().faults().clear();
}

/// Places an order whose delivery address is to be erased at once.
async fn place_order_with_due_address(fixture: &Fixture, order: PlaceOrder) {
    let option =
        json!({ "id": "standard", "name": "Parcel", "amount": { "amount": 490, "currency": "EUR" } });
    let zones = json!({ "zones": [{ "countries": "*", "options": [option] }] });
    let settings: ShippingSettings = serde_json::from_value(zones).unwrap();
    let by = Actor { user: id(&fixture.seller.id), role: Role::User };
    let set = SetMarketSettings {
        market_id: id(&fixture.market),
        by,
        right: SettingsRight::OfCreator,
        expected: None,
        settings,
    };
    run_in_the_past(&fixture.app, 20, set).await;
    let supply = Some(Supply::Address(Box::new(shipping_address())));
    let cart = Cart { supply, shipping_option: Some("standard".parse().unwrap()), ..order.cart };
    let shipped = PlaceOrder { id: new_id(), cart, address_retention_days: 0, ..order };
    run_in_the_past(&fixture.app, 20, shipped).await;
}

/// Executes a command as of some minutes ago.
async fn run_in_the_past<C: Command>(app: &TestApp, minutes: u64, command: C) {
    let table = app.stack().table_name("Table").unwrap();
    let store = DynamoStore::new(Table::new(app.dynamodb(), table));
    let cause = test_context(SystemClock.now().saturating_sub(Duration::from_mins(minutes)));
    assert!(store.execute(command, &cause).await.is_ok());
}

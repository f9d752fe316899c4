//! Orders: confirmation, rejection, cancellation, and the requests that they cost.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use test_support::TestApp;
use test_support::app::TestResponse;
use test_support::audit::{Expectations, MoneyAndStock};

fn id_of(placed: &TestResponse) -> String {
    placed.data(StatusCode::CREATED)["id"].as_str().unwrap().to_owned()
}

fn statuses(timeline: &Value) -> Vec<&str> {
    timeline["transitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["status"].as_str().unwrap())
        .collect()
}

async fn assert_consistent(app: &TestApp, product: &str, initial: i64) {
    app.wait_until_idle().await;
    let expectations =
        Expectations { stocked: [(product.to_owned(), initial)].into(), ..Expectations::default() };
    let violations =
        MoneyAndStock::read(app).await.violations(&expectations, &app.stack().payments().ledger());
    assert_eq!(violations, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn order_is_confirmed_and_captured_once() {
    let app = TestApp::start().await;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 10).await;
    let placed = app.order(&buyer, "k1", &product, 2, Some("pm_card_visa")).await;
    let id = id_of(&placed);
    assert_eq!(placed.json()["data"]["status"], "pending");

    let confirmed = app.wait_for_order(&buyer, &id, &["confirmed"]).await;
    assert_eq!(confirmed["total"], json!({ "amount": 3_998, "currency": "EUR" }));
    let timeline = app.request(Method::GET, &format!("/v1/orders/{id}/timeline")).by(&buyer).send().await;
    assert_eq!(statuses(&timeline.data(StatusCode::OK)), ["pending", "awaiting_payment", "confirmed"]);

    assert_consistent(&app, &product, 10).await;
    let ledger = app.stack().payments().ledger();
    assert_eq!((ledger.captures_of(&id).len(), ledger.captured_total(&id)), (1, 3_998));
    assert_eq!(app.stock(&product).await, (8, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn order_with_total_zero_is_confirmed_without_a_charge() {
    let app = TestApp::start().await;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 0, 10).await;
    for (key, method) in [("k1", None), ("k2", Some("pm_card_chargeDeclined"))] {
        let id = id_of(&app.order(&buyer, key, &product, 2, method).await);
        app.wait_for_order(&buyer, &id, &["confirmed"]).await;
        let timeline = app.request(Method::GET, &format!("/v1/orders/{id}/timeline")).by(&buyer).send().await;
        let timeline = timeline.data(StatusCode::OK);
        assert_eq!(statuses(&timeline), ["pending", "confirmed"]);
        assert_eq!(timeline["transitions"][1]["reason"], "no payment needed");
    }
    assert_consistent(&app, &product, 10).await;
    assert!(app.stack().payments().ledger().intents.is_empty());
    assert_eq!(app.stock(&product).await, (6, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn declined_order_is_rejected_and_returns_its_stock() {
    let app = TestApp::start().await;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 10).await;
    let id = id_of(&app.order(&buyer, "k1", &product, 2, Some("pm_card_chargeDeclined")).await);

    app.wait_for_order(&buyer, &id, &["rejected"]).await;
    let timeline = app.request(Method::GET, &format!("/v1/orders/{id}/timeline")).by(&buyer).send().await;
    let timeline = timeline.data(StatusCode::OK);
    assert_eq!(statuses(&timeline), ["pending", "awaiting_payment", "rejected"]);
    assert_eq!(timeline["transitions"][2]["reason"], "payment declined: generic_decline");
    assert_consistent(&app, &product, 10).await;
    assert_eq!(app.stock(&product).await, (10, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn order_beyond_the_stock_is_rejected_without_reserving() {
    let app = TestApp::start().await;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 3).await;
    let id = id_of(&app.order(&buyer, "k1", &product, 4, Some("pm_card_visa")).await);

    app.wait_for_order(&buyer, &id, &["rejected"]).await;
    assert_consistent(&app, &product, 3).await;
    assert!(app.stack().payments().ledger().intents.is_empty());
    assert_eq!(app.stock(&product).await, (3, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_20_concurrent_orders_gets_the_last_unit() {
    let app = TestApp::start().await;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 1).await;
    let keys: Vec<String> = (0..20).map(|n| format!("k{n}")).collect();
    let orders = keys.iter().map(|key| app.order(&buyer, key, &product, 1, Some("pm_card_visa")));
    let orders: Vec<String> = futures::future::join_all(orders).await.iter().map(id_of).collect();

    let ended = orders.iter().map(|id| app.wait_for_order(&buyer, id, &["confirmed", "rejected"]));
    let ended = futures::future::join_all(ended).await;
    let confirmed = ended.iter().filter(|order| order["status"] == "confirmed").count();
    assert_eq!((confirmed, ended.len()), (1, 20));
    assert_consistent(&app, &product, 1).await;
    assert_eq!(app.stock(&product).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn order_without_payment_method_waits_and_expires() {
    let app = TestApp::start_with(|builder| builder.parameter("PaymentWindowSeconds", "1")).await;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 10).await;
    let id = id_of(&app.order(&buyer, "k1", &product, 2, None).await);
    app.wait_for_order(&buyer, &id, &["awaiting_payment"]).await;
    assert_eq!(app.stock(&product).await, (8, 2));

    let expired = || async {
        app.stack().run_schedule("schedule-sweeper").await.unwrap();
        (app.get_order(&buyer, &id).await["status"] == "expired").then_some(())
    };
    test_support::app::eventually("the order expires", expired).await;
    assert_consistent(&app, &product, 10).await;
    assert_eq!(app.stock(&product).await, (10, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_order_returns_stock_and_is_refunded() {
    let app = TestApp::start().await;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 10).await;
    let paid = id_of(&app.order(&buyer, "k1", &product, 2, Some("pm_card_visa")).await);
    let unpaid = id_of(&app.order(&buyer, "k2", &product, 3, None).await);
    app.wait_for_order(&buyer, &paid, &["confirmed"]).await;
    app.wait_for_order(&buyer, &unpaid, &["awaiting_payment"]).await;
    assert_eq!(app.stock(&product).await, (5, 3));

    for id in [&paid, &unpaid] {
        let reason = json!({ "reason": "changed my mind" });
        let cancel = app.request(Method::POST, &format!("/v1/orders/{id}/cancel")).by(&buyer).json(&reason);
        assert_eq!(cancel.send().await.data(StatusCode::OK)["status"], "cancelled");
        let again = app.request(Method::POST, &format!("/v1/orders/{id}/cancel")).by(&buyer).send().await;
        assert_eq!(again.code(StatusCode::CONFLICT), "INVALID_STATE");
    }
    assert_consistent(&app, &product, 10).await;
    let ledger = app.stack().payments().ledger();
    assert_eq!((ledger.captured_total(&paid), ledger.net(&paid)), (3_998, 0));
    assert_eq!(app.stock(&product).await, (10, 0));
}

/// Order of a product that names its market, which saves a read.
async fn order_with_market(app: &TestApp, product: &str) -> Value {
    let path = format!("/v1/products/{product}");
    let shown = app.request(Method::GET, &path).send().await.data(StatusCode::OK);
    json!({
        "marketId": shown["marketId"],
        "items": [{ "productId": product, "quantity": 2 }],
        "paymentMethod": "pm_card_visa",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn order_causes_the_expected_number_of_requests() {
    let app = TestApp::start_with(|builder| builder.parameter("AnalyticsWindowSeconds", "3")).await;
    app.stack().payments().set_webhook_url(None);
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 10).await;
    let order = order_with_market(&app, &product).await;
    app.wait_until_idle().await;
    app.stack().faults().clear_calls();
    let placed = app.request(Method::POST, "/v1/orders").by(&buyer).key("k1").json(&order).send().await;
    let id = id_of(&placed);
    app.wait_until_idle().await;

    let calls = |function: &str| {
        let calls = app.stack().faults().calls_of(function).into_iter();
        calls.map(|call| call.operation).collect::<Vec<_>>()
    };
    let placing = calls("api-orders");
    // The first request of a caller also acquires rate-limit permits.
    assert_eq!(placing, ["UpdateItem", "BatchGetItem", "TransactWriteItems"]);
    let count =
        |function: &str, operation: &str| calls(function).iter().filter(|of| *of == operation).count();
    // Three events, six sends to queues altogether, and for each event one request that logs it and one that
    // removes it from the outbox; fewer if the relay batches two events.
    let sends = count("stream-outbox-relay", "SendMessageBatch");
    let relaying = calls("stream-outbox-relay");
    let logs = count("stream-outbox-relay", "BatchWriteItem");
    assert!((4..=6).contains(&sends) && logs <= 6 && relaying.len() == sends + logs, "{relaying:?}");
    // The first request takes the slot of the charge.
    let fulfilling = [
        "UpdateItem",
        "BatchGetItem",
        "TransactWriteItems",
        "POST /v1/payment_intents",
        "TransactWriteItems",
    ];
    assert_eq!(calls("queue-fulfilment"), fulfilling);
    assert_eq!(calls("queue-analytics"), ["BatchGetItem", "TransactWriteItems"], "one batch of all events");
    // Two e-mails to the buyer and one to the seller, with one commit before and one after each. Messages that
    // are delivered together share a read and their commits.
    let email = |operation| count("queue-emails", operation);
    let emails = calls("queue-emails");
    assert_eq!(email("POST /v2/email/outbound-emails"), 3, "{emails:?}");
    assert!((1..=2).contains(&email("BatchGetItem")), "{emails:?}");
    assert!((2..=6).contains(&email("TransactWriteItems")), "{emails:?}");
    // Each batch takes the slots of its e-mails.
    assert!((1..=3).contains(&email("UpdateItem")), "{emails:?}");
    let others = ["BatchGetItem", "TransactWriteItems", "UpdateItem"].map(email);
    assert_eq!(emails.len(), 3 + others.iter().sum::<usize>(), "{emails:?}");
    assert_eq!(app.get_order(&buyer, &id).await["status"], "confirmed");
}

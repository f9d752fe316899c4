//! Seeded bugs that the crash and duplicate tests must detect.

use std::time::Duration;

use http::StatusCode;
use local::faults::{Fault, Rule};
use test_support::TestApp;
use test_support::audit::{Expectations, MoneyAndStock};
use test_support::seeded_bugs::mutation;

use crate::crashes::{FULFILMENT, kill_at_each_call};
use crate::message_delivery::order_created;

#[tokio::test(flavor = "multi_thread")]
async fn charge_without_idempotency_key_is_detected() {
    let app = TestApp::start().await;
    app.stack().faults().add_mutation(mutation("charge-without-key"));
    let summary = kill_at_each_call(&app).await;
    println!("seeded bug, a charge without idempotency key: {summary}");
    assert!(summary.violations.iter().any(|violation| violation.contains("2 captures")), "{summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unreleased_stock_of_rejected_order_is_detected() {
    let app = TestApp::start().await;
    app.stack().faults().add_mutation(mutation("stock-not-returned"));
    let summary = kill_at_each_call(&app).await;
    println!("seeded bug, stock that is not returned: {summary}");
    assert!(summary.violations.iter().any(|violation| violation.contains("Stock {")), "{summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn order_written_without_version_check_is_detected() {
    let app = TestApp::start().await;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    app.stack().faults().add_mutation(mutation("order-without-version"));
    // Transactions are delayed, so that concurrent deliveries read the same version.
    let slow =
        Rule::new(FULFILMENT, Fault::Delay(Duration::from_millis(300))).operation("TransactWriteItems");
    app.stack().faults().inject(slow.times(1_000));
    let mut expectations = Expectations::default();
    for trial in 0..3 {
        let product = app.product(&seller, 1_999, 100).await;
        expectations.stocked.insert(product.clone(), 100);
        let order = app.order(&buyer, &format!("k{trial}"), &product, 2, Some("pm_card_visa")).await;
        let message = order_created(&order.data(StatusCode::CREATED));
        futures::future::join_all((0..9).map(|_| app.send_message("FulfilmentQueue", &message))).await;
        // Some deliveries fail with conflicts and are redelivered; the effects under test have already
        // happened.
        let _ = app.stack().idle(Duration::from_secs(2)).await;
    }
    let violations =
        MoneyAndStock::read(&app).await.violations(&expectations, &app.stack().payments().ledger());
    println!("seeded bug, an order without version check: 3 trials, {} violations", violations.len());
    assert!(violations.iter().any(|violation| violation.contains("Stock {")), "{violations:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn order_without_idempotency_record_is_detected() {
    let app = TestApp::start().await;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    app.stack().faults().add_mutation(mutation("order-without-idempotency-record"));
    let product = app.product(&seller, 1_999, 100).await;
    let requests = (0..20).map(|_| app.order(&buyer, "the-key", &product, 1, None));
    futures::future::join_all(requests).await;
    let orders = MoneyAndStock::read(&app).await.orders.len();
    println!("seeded bug, an order without idempotency record: 20 requests with one key, {orders} orders");
    assert!(orders > 1, "{orders}");
}

//! Bugs planted on purpose: each takes a guard away, and the proof that the guard is for must notice.

use std::time::Duration;

use http::StatusCode;
use local::faults::{Fault, Rule};
use test_support::TestApp;
use test_support::audit::{Expectations, MoneyAndStock};
use test_support::seeded_bugs::mutation;

use crate::crashes::{FULFILMENT, kill_at_each_call};
use crate::message_delivery::order_created;

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_without_its_idempotency_key_is_noticed() {
    let shop = TestApp::open().await;
    shop.stack().faults().add_mutation(mutation("charge-without-key"));
    let figures = kill_at_each_call(&shop).await;
    println!("planted: a charge without its idempotency key: {figures}");
    assert!(
        figures.violations.iter().any(|violation| violation.contains("was captured 2 times")),
        "{figures}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_that_a_rejected_order_does_not_give_back_is_noticed() {
    let shop = TestApp::open().await;
    shop.stack().faults().add_mutation(mutation("stock-not-given-back"));
    let figures = kill_at_each_call(&shop).await;
    println!("planted: stock that is not given back: {figures}");
    assert!(figures.violations.iter().any(|violation| violation.contains("its stock says")), "{figures}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_written_without_regard_to_its_version_is_noticed() {
    let shop = TestApp::open().await;
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    shop.stack().faults().add_mutation(mutation("order-without-version"));
    // Every transaction takes its time, so that each delivery decides on what the others have not changed yet.
    let slow =
        Rule::new(FULFILMENT, Fault::Delay(Duration::from_millis(300))).operation("TransactWriteItems");
    shop.stack().faults().inject(slow.times(1_000));
    let mut journal = Expectations::default();
    for trial in 0..3 {
        let product = shop.product(&seller, 1_999, 100).await;
        journal.stocked.insert(product.clone(), 100);
        let order = shop.order(&buyer, &format!("k{trial}"), &product, 2, Some("pm_card_visa")).await;
        let message = order_created(&order.data(StatusCode::CREATED));
        futures::future::join_all((0..9).map(|_| shop.send_message("FulfilmentQueue", &message))).await;
        // Some deliveries end in contradictions and come back; what matters is already done.
        let _ = shop.stack().idle(Duration::from_secs(2)).await;
    }
    let violations = MoneyAndStock::read(&shop).await.violations(&journal, &shop.stack().payments().ledger());
    println!(
        "planted: an order written without regard to its version: 3 trials, {} violations",
        violations.len()
    );
    assert!(violations.iter().any(|violation| violation.contains("its stock says")), "{violations:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_placed_without_a_receipt_is_noticed() {
    let shop = TestApp::open().await;
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    shop.stack().faults().add_mutation(mutation("order-without-receipt"));
    let product = shop.product(&seller, 1_999, 100).await;
    let asked = (0..20).map(|_| shop.order(&buyer, "the-key", &product, 1, None));
    futures::future::join_all(asked).await;
    let orders = MoneyAndStock::read(&shop).await.orders.len();
    println!("planted: an order placed without a receipt: 20 requests with one key, {orders} orders");
    assert!(orders > 1, "{orders}");
}

//! Bugs planted on purpose: each takes a guard away, and the proof that the guard is for must notice.

use std::time::Duration;

use harness::Shop;
use harness::audit::{Books, Journal};
use http::StatusCode;
use local::faults::{Fault, Plant, Rule, Service};
use serde_json::Value;

use crate::crashes::{FULFILMENT, kill_at_each_call};
use crate::deliveries::order_created;

/// The items of a transaction, if it is one.
fn items(body: &mut Value) -> Option<&mut Vec<Value>> {
    body.get_mut("TransactItems")?.as_array_mut()
}

fn kind_is(item: &Value, kind: &str) -> bool {
    item["Put"]["Item"]["kind"]["S"] == kind
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_without_its_idempotency_key_is_noticed() {
    let shop = Shop::open().await;
    shop.stack().faults().plant(Plant::new(FULFILMENT, Service::Payments, |headers, _| {
        headers.remove("idempotency-key");
    }));
    let figures = kill_at_each_call(&shop).await;
    println!("planted: a charge without its idempotency key: {figures}");
    assert!(
        figures.violations.iter().any(|violation| violation.contains("was captured 2 times")),
        "{figures}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_that_a_rejected_order_does_not_give_back_is_noticed() {
    let shop = Shop::open().await;
    shop.stack().faults().plant(Plant::new(FULFILMENT, Service::DynamoDb, |_, body| {
        if let Some(items) = items(body)
            && items.iter().any(|item| item["Put"]["Item"]["status"]["S"] == "rejected")
        {
            items.retain(|item| item.get("Update").is_none());
        }
    }));
    let figures = kill_at_each_call(&shop).await;
    println!("planted: stock that is not given back: {figures}");
    assert!(figures.violations.iter().any(|violation| violation.contains("its stock says")), "{figures}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_written_without_regard_to_its_version_is_noticed() {
    let shop = Shop::open().await;
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    shop.stack().faults().plant(Plant::new(FULFILMENT, Service::DynamoDb, |_, body| {
        for item in items(body).into_iter().flatten().filter(|item| kind_is(item, "order")) {
            for part in ["ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues"] {
                item["Put"].as_object_mut().map(|put| put.remove(part));
            }
        }
    }));
    // Every transaction takes its time, so that each delivery decides on what the others have not changed yet.
    let slow =
        Rule::new(FULFILMENT, Fault::Delay(Duration::from_millis(300))).operation("TransactWriteItems");
    shop.stack().faults().inject(slow.times(1_000));
    let mut journal = Journal::default();
    for trial in 0..3 {
        let product = shop.product(&seller, 1_999, 100).await;
        journal.stocked.insert(product.clone(), 100);
        let order = shop.order(&buyer, &format!("k{trial}"), &product, 2, Some("pm_card_visa")).await;
        let message = order_created(&order.data(StatusCode::CREATED));
        futures::future::join_all((0..9).map(|_| shop.send_message("FulfilmentQueue", &message))).await;
        // Some deliveries end in contradictions and come back; what matters is already done.
        let _ = shop.stack().idle(Duration::from_secs(2)).await;
    }
    let violations = Books::read(&shop).await.violations(&journal, &shop.stack().payments().ledger());
    println!(
        "planted: an order written without regard to its version: 3 trials, {} violations",
        violations.len()
    );
    assert!(violations.iter().any(|violation| violation.contains("its stock says")), "{violations:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_placed_without_a_receipt_is_noticed() {
    let shop = Shop::open().await;
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    shop.stack().faults().plant(Plant::new("api-orders", Service::DynamoDb, |_, body| {
        if let Some(items) = items(body) {
            items.retain(|item| !kind_is(item, "receipt"));
        }
    }));
    let product = shop.product(&seller, 1_999, 100).await;
    let asked = (0..20).map(|_| shop.order(&buyer, "the-key", &product, 1, None));
    futures::future::join_all(asked).await;
    let orders = Books::read(&shop).await.orders.len();
    println!("planted: an order placed without a receipt: 20 requests with one key, {orders} orders");
    assert!(orders > 1, "{orders}");
}

//! Orders from their placing to their end.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use test_support::TestApp;
use test_support::app::Answer;
use test_support::audit::{Expectations, MoneyAndStock};

fn id_of(placed: &Answer) -> String {
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

async fn books_balance(shop: &TestApp, product: &str, began_with: i64) {
    shop.wait_until_idle().await;
    let journal =
        Expectations { stocked: [(product.to_owned(), began_with)].into(), ..Expectations::default() };
    let violations = MoneyAndStock::read(shop).await.violations(&journal, &shop.stack().payments().ledger());
    assert_eq!(violations, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_confirmed_and_captured_exactly_once() {
    let shop = TestApp::open().await;
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    let product = shop.product(&seller, 1_999, 10).await;
    let placed = shop.order(&buyer, "k1", &product, 2, Some("pm_card_visa")).await;
    let id = id_of(&placed);
    assert_eq!(placed.json()["data"]["status"], "pending");

    let confirmed = shop.order_in(&buyer, &id, &["confirmed"]).await;
    assert_eq!(confirmed["total"], json!({ "amount": 3_998, "currency": "EUR" }));
    let timeline = shop.ask(Method::GET, &format!("/v1/orders/{id}/timeline")).by(&buyer).send().await;
    assert_eq!(statuses(&timeline.data(StatusCode::OK)), ["pending", "awaiting_payment", "confirmed"]);

    books_balance(&shop, &product, 10).await;
    let ledger = shop.stack().payments().ledger();
    assert_eq!((ledger.captures_of(&id).len(), ledger.captured_total(&id)), (1, 3_998));
    assert_eq!(shop.stock(&product).await, (8, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_order_is_rejected_and_gives_its_stock_back() {
    let shop = TestApp::open().await;
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    let product = shop.product(&seller, 1_999, 10).await;
    let id = id_of(&shop.order(&buyer, "k1", &product, 2, Some("pm_card_chargeDeclined")).await);

    shop.order_in(&buyer, &id, &["rejected"]).await;
    let timeline = shop.ask(Method::GET, &format!("/v1/orders/{id}/timeline")).by(&buyer).send().await;
    let timeline = timeline.data(StatusCode::OK);
    assert_eq!(statuses(&timeline), ["pending", "awaiting_payment", "rejected"]);
    assert_eq!(timeline["transitions"][2]["reason"], "payment declined: generic_decline");
    books_balance(&shop, &product, 10).await;
    assert_eq!(shop.stock(&product).await, (10, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_beyond_the_stock_is_rejected_and_takes_nothing() {
    let shop = TestApp::open().await;
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    let product = shop.product(&seller, 1_999, 3).await;
    let id = id_of(&shop.order(&buyer, "k1", &product, 4, Some("pm_card_visa")).await);

    shop.order_in(&buyer, &id, &["rejected"]).await;
    books_balance(&shop, &product, 3).await;
    assert!(shop.stack().payments().ledger().intents.is_empty());
    assert_eq!(shop.stock(&product).await, (3, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_20_buyers_of_the_last_piece_one_gets_it() {
    let shop = TestApp::open().await;
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    let product = shop.product(&seller, 1_999, 1).await;
    let keys: Vec<String> = (0..20).map(|n| format!("k{n}")).collect();
    let orders = keys.iter().map(|key| shop.order(&buyer, key, &product, 1, Some("pm_card_visa")));
    let orders: Vec<String> = futures::future::join_all(orders).await.iter().map(id_of).collect();

    let ended = orders.iter().map(|id| shop.order_in(&buyer, id, &["confirmed", "rejected"]));
    let ended = futures::future::join_all(ended).await;
    let confirmed = ended.iter().filter(|order| order["status"] == "confirmed").count();
    assert_eq!((confirmed, ended.len()), (1, 20));
    books_balance(&shop, &product, 1).await;
    assert_eq!(shop.stock(&product).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_without_a_payment_method_waits_and_expires() {
    let shop = TestApp::open_with(|builder| builder.parameter("PaymentWindowSeconds", "1")).await;
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    let product = shop.product(&seller, 1_999, 10).await;
    let id = id_of(&shop.order(&buyer, "k1", &product, 2, None).await);
    shop.order_in(&buyer, &id, &["awaiting_payment"]).await;
    assert_eq!(shop.stock(&product).await, (8, 2));

    let expired = || async {
        shop.stack().run_schedule("schedule-sweeper").await.unwrap();
        (shop.get_order(&buyer, &id).await["status"] == "expired").then_some(())
    };
    test_support::app::eventually("the order expires", expired).await;
    books_balance(&shop, &product, 10).await;
    assert_eq!(shop.stock(&product).await, (10, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_gives_stock_and_money_back() {
    let shop = TestApp::open().await;
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    let product = shop.product(&seller, 1_999, 10).await;
    let paid = id_of(&shop.order(&buyer, "k1", &product, 2, Some("pm_card_visa")).await);
    let unpaid = id_of(&shop.order(&buyer, "k2", &product, 3, None).await);
    shop.order_in(&buyer, &paid, &["confirmed"]).await;
    shop.order_in(&buyer, &unpaid, &["awaiting_payment"]).await;
    assert_eq!(shop.stock(&product).await, (5, 3));

    for id in [&paid, &unpaid] {
        let reason = json!({ "reason": "changed my mind" });
        let cancel = shop.ask(Method::POST, &format!("/v1/orders/{id}/cancel")).by(&buyer).json(&reason);
        assert_eq!(cancel.send().await.data(StatusCode::OK)["status"], "cancelled");
        let again = shop.ask(Method::POST, &format!("/v1/orders/{id}/cancel")).by(&buyer).send().await;
        assert_eq!(again.code(StatusCode::CONFLICT), "INVALID_STATE");
    }
    books_balance(&shop, &product, 10).await;
    let ledger = shop.stack().payments().ledger();
    assert_eq!((ledger.captured_total(&paid), ledger.net(&paid)), (3_998, 0));
    assert_eq!(shop.stock(&product).await, (10, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_takes_two_requests_to_place_eight_to_relay_four_to_fulfil_two_to_count_and_four_to_write_about()
 {
    let shop = TestApp::open_with(|builder| builder.parameter("AnalyticsWindowSeconds", "3")).await;
    shop.stack().payments().set_webhook_url(None);
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    let product = shop.product(&seller, 1_999, 10).await;
    shop.wait_until_idle().await;
    shop.stack().faults().forget_calls();
    let id = id_of(&shop.order(&buyer, "k1", &product, 2, Some("pm_card_visa")).await);
    shop.wait_until_idle().await;

    let calls = |function: &str| {
        let calls = shop.stack().faults().calls_of(function).into_iter();
        calls.map(|call| call.operation).collect::<Vec<_>>()
    };
    let placing = calls("api-orders");
    // The first request of a caller also asks for its grants.
    assert_eq!(placing, ["UpdateItem", "BatchGetItem", "TransactWriteItems"]);
    // Three events, the first and the last to two queues; fewer requests if two come so close that they are relayed together.
    let relaying = calls("stream-outbox-relay");
    let sends = relaying.iter().filter(|operation| *operation == "SendMessageBatch").count();
    assert!((3..=5).contains(&sends) && relaying.len() <= 8, "{relaying:?}");
    let fulfilling = ["BatchGetItem", "TransactWriteItems", "POST /v1/payment_intents", "TransactWriteItems"];
    assert_eq!(calls("queue-fulfilment"), fulfilling);
    assert_eq!(calls("queue-analytics"), ["BatchGetItem", "TransactWriteItems"], "all events at once");
    let writing =
        ["BatchGetItem", "TransactWriteItems", "POST /v2/email/outbound-emails", "TransactWriteItems"];
    assert_eq!(calls("queue-emails"), writing);
    assert_eq!(shop.get_order(&buyer, &id).await["status"], "confirmed");
}

//! What is counted, through the real binaries: lengths of lists, volumes, sales per day.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Method, StatusCode};
use local::faults::{Fault, RequestMutation, Rule, Service};
use serde_json::{Value, json};
use test_support::app::{WAIT_TIMEOUT, eventually};
use test_support::recount::Counts;
use test_support::seeded_bugs::mutation;
use test_support::{TestApp, TestUser};

use crate::crashes::settle;
use crate::message_delivery::order_created;

const ANALYTICS: &str = "queue-analytics";

/// What was counted, and what there is.
async fn counts(shop: &TestApp) -> (Counts, Counts) {
    let table = shop.stack().table_name("Table").unwrap();
    Counts::of_table(&shop.dynamodb(), table).await
}

/// Writes down what the relay sends to the analytics.
fn overhear(shop: &TestApp) -> Arc<Mutex<Vec<String>>> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (written, queue) = (Arc::clone(&heard), shop.stack().queue_url("AnalyticsQueue").unwrap());
    let queue = queue.rsplit('/').next().unwrap().to_owned();
    shop.stack().faults().add_mutation(RequestMutation::new(
        "stream-outbox-relay",
        Service::Sqs,
        move |_, body| {
            if body["QueueUrl"].as_str().is_some_and(|url| url.ends_with(&queue)) {
                let entries = body["Entries"].as_array().cloned().unwrap_or_default();
                let bodies =
                    entries.iter().filter_map(|entry| Some(entry["MessageBody"].as_str()?.to_owned()));
                written.lock().unwrap().extend(bodies);
            }
        },
    ));
    heard
}

/// Places an order and waits for it to become so.
async fn order(
    shop: &TestApp,
    buyer: &TestUser,
    (key, product): (&str, &str),
    method: Option<&str>,
) -> Value {
    let placed = shop.order(buyer, key, product, 2, method).await.data(StatusCode::CREATED);
    let ends = ["confirmed", "rejected"];
    let ends = if method.is_some() { &ends[..] } else { &["awaiting_payment"] };
    shop.order_in(buyer, placed["id"].as_str().unwrap(), ends).await
}

/// Orders that are confirmed, rejected, cancelled and paid back, in a market that changes; gives the market.
async fn trade(shop: &TestApp, seller: &TestUser, buyer: &TestUser) -> String {
    let product = shop.product(seller, 1_999, 100).await;
    let ask = async |by: &TestUser, order: &Value, action: &str, body: Value| {
        let id = order["id"].as_str().unwrap();
        let asked = shop.ask(Method::POST, &format!("/v1/orders/{id}/{action}")).by(by).key(id).json(&body);
        let asked = asked.send().await;
        assert_eq!(asked.status, StatusCode::OK, "{}", asked.text);
    };
    let kept = order(shop, buyer, ("k1", &product), Some("pm_card_visa")).await;
    let market = kept["marketId"].as_str().unwrap().to_owned();
    order(shop, buyer, ("k2", &product), Some("pm_card_chargeDeclined")).await;
    let unpaid = order(shop, buyer, ("k3", &product), None).await;
    ask(buyer, &unpaid, "cancel", json!({})).await;
    let scratched = order(shop, buyer, ("k4", &product), Some("pm_card_visa")).await;
    let part = json!({ "amount": { "amount": 500, "currency": "EUR" }, "reason": "One mug was scratched." });
    ask(seller, &scratched, "refund", part).await;
    let regretted = order(shop, buyer, ("k5", &product), Some("pm_card_visa")).await;
    ask(buyer, &regretted, "cancel", json!({})).await;
    let path = format!("/v1/markets/{market}");
    let closed = shop.ask(Method::PATCH, &path).by(seller).header("if-match", "*");
    let closed = closed.json(&json!({ "status": "closed" })).send().await;
    assert_eq!(closed.status, StatusCode::OK, "{}", closed.text);
    market
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_counted_is_what_there_is_though_all_is_heard_twice_and_who_counts_is_killed() {
    let shop = TestApp::open().await;
    let heard = overhear(&shop);
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    let strike = |fault, nth| shop.stack().faults().inject(Rule::new(ANALYTICS, fault).nth(nth));
    let kills = [strike(Fault::KillAfter, 2), strike(Fault::KillBefore, 6), strike(Fault::KillAfter, 9)];
    let market = trade(&shop, &seller, &buyer).await;
    settle(&shop).await;
    let (counted, there) = counts(&shop).await;
    assert_eq!(counted, there);
    assert_eq!(counted.markets[&market], ("closed".to_owned(), 3, 3 * 3_998));

    let again = strike(Fault::KillAfter, 2);
    let messages = heard.lock().unwrap().clone();
    assert!(messages.len() >= 20, "{}", messages.len());
    for message in messages.iter().rev() {
        shop.send_message("AnalyticsQueue", message).await;
    }
    // Whatever comes twice changes nothing, and so commits nothing: the kill waits for something new.
    shop.customer("latecomer").await;
    settle(&shop).await;
    for kill in kills.iter().chain([&again]) {
        assert!(kill.wait_until_triggered(WAIT_TIMEOUT).await, "a kill did not happen");
    }
    settle(&shop).await;
    let (counted, there) = counts(&shop).await;
    assert_eq!(counted, there);
    let one = counted.lists.get("accounts#user#active");
    println!("heard twice, killed 4 times: {} messages, {one:?} accounts, 0 differences", messages.len());
    shows_what_was_sold(&shop, &seller, &buyer, &market).await;
}

/// The figures over HTTP, for who may see them.
async fn shows_what_was_sold(shop: &TestApp, seller: &TestUser, buyer: &TestUser, market: &str) {
    let path = format!("/v1/markets/{market}");
    let volume = json!({ "amount": 3 * 3_998, "currency": "EUR" });
    // What the function remembers of the market may be five seconds old.
    let look = || async {
        let shown = shop.ask(Method::GET, &path).send().await;
        (shown.data(StatusCode::OK)["volume"] == volume).then_some(shown.headers["etag"].clone())
    };
    let tag = eventually("the volume is shown", look).await;
    assert!(tag.to_str().unwrap().ends_with(".11994\""), "{tag:?}");
    let listed = shop.ask(Method::GET, "/v1/markets?status=closed&sort=-volume&search=mugs").send().await;
    assert_eq!(listed.data(StatusCode::OK)[0]["volume"], volume);
    let stats = shop.ask(Method::GET, &format!("{path}/stats")).by(seller).send().await.data(StatusCode::OK);
    assert_eq!((&stats["orders"], &stats["volume"]), (&json!(3), &volume));
    assert_eq!(stats["refunded"]["amount"], 500 + 3_998);
    let refused = shop.ask(Method::GET, &format!("{path}/stats")).by(buyer).send().await;
    assert_eq!(refused.code(StatusCode::FORBIDDEN), "FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tally_written_without_regard_to_its_version_is_noticed() {
    let shop = TestApp::open().await;
    shop.stack().faults().add_mutation(mutation("tally-without-version"));
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    let product = shop.product(&seller, 1_999, 100).await;
    shop.wait_until_idle().await;
    // Every transaction takes its time, so that each batch counts on what the other has not committed yet.
    let slow = Rule::new(ANALYTICS, Fault::Delay(Duration::from_millis(300))).operation("TransactWriteItems");
    shop.stack().faults().inject(slow.times(1_000));
    for trial in 0..3 {
        let placed = shop.order(&buyer, &format!("k{trial}"), &product, 1, None).await;
        let message = order_created(&placed.data(StatusCode::CREATED));
        futures::future::join_all((0..29).map(|_| shop.send_message("AnalyticsQueue", &message))).await;
        settle(&shop).await;
    }
    let (counted, there) = counts(&shop).await;
    println!("planted: a tally written without regard to its version: 3 trials, counted {:?}", counted.lists);
    assert_ne!(counted, there);
}

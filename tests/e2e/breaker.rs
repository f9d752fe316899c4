//! A payment gateway that is dead for a while, under load.

use std::time::{Duration, Instant};

use http::StatusCode;
use serde_json::Value;
use stripe_sandbox::{Effect, Operation, Rule};
use test_support::TestApp;
use test_support::app::eventually;
use test_support::audit::{Expectations, MoneyAndStock};

use crate::crashes::{FULFILMENT, settle};

/// How many orders are placed while the gateway is dead.
const ORDERS: usize = 40;
/// How soon after its return the gateway's work has to go on.
const RECOVERY: Duration = Duration::from_secs(10);

/// How many calls reached the gateway since it is dead.
async fn calls(shop: &TestApp) -> usize {
    let address = format!("{}/sandbox/behaviour", shop.stack().payments_endpoint());
    let rules = reqwest::get(address).await.unwrap().json::<Value>().await.unwrap();
    usize::try_from(rules["rules"][0]["seen"].as_u64().unwrap()).unwrap()
}

/// How often an order was put off until the gateway may be back.
fn postponed(shop: &TestApp) -> usize {
    let lines = shop.stack().logs().lines(FULFILMENT);
    lines.iter().filter(|line| line.contains(r#""postponed""#) && !line.contains("_aws")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_a_gateway_that_is_dead_for_a_while_under_load() {
    let shop = TestApp::open_with(|builder| builder.parameter("PaymentGatewayBreakerOpenSeconds", "1")).await;
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    let product = shop.product(&seller, 1_999, 100).await;
    shop.stack().payments().add_fault_rule(Rule::on(Operation::Any, Effect::Fail { status: 503 }));
    let mut orders = Vec::new();
    for n in 0..ORDERS {
        let placed = shop.order(&buyer, &format!("k{n}"), &product, 1, Some("pm_card_visa")).await;
        orders.push(placed.data(StatusCode::CREATED)["id"].as_str().unwrap().to_owned());
    }
    // More often than a queue delivers a message before it takes it for dead.
    let often = || async { (postponed(&shop) >= 6 * ORDERS).then_some(()) };
    eventually("each order was put off six times or so", often).await;
    let (calls, offered) = (calls(&shop).await, postponed(&shop));
    shop.stack().payments().clear_fault_rules();
    let returned = Instant::now();
    let back = || async {
        let ledger = shop.stack().payments().ledger();
        orders.iter().any(|id| !ledger.captures_of(id).is_empty()).then(|| returned.elapsed())
    };
    let recovered = eventually("the gateway is asked again", back).await;
    for id in &orders {
        shop.order_in(&buyer, id, &["confirmed"]).await;
    }
    settle(&shop).await;
    let ledger = shop.stack().payments().ledger();
    let journal = Expectations { stocked: [(product, 100)].into(), acknowledged: orders.clone() };
    let violations = MoneyAndStock::read(&shop).await.violations(&journal, &ledger);
    println!(
        "a dead gateway under load: {ORDERS} orders, {offered} times worked on, {calls} calls, back within {recovered:?}, {} violations",
        violations.len()
    );
    assert_eq!(violations, Vec::<String>::new());
    assert!(orders.iter().all(|id| ledger.captures_of(id).len() == 1));
    assert!(calls * 10 <= offered * 11, "{calls} calls, though {offered} were offered");
    assert!(calls < offered / 2, "{calls} of {offered} calls: nothing kept them from the gateway");
    assert!(recovered <= RECOVERY, "{recovered:?}");
}

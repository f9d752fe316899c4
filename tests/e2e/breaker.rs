//! The circuit breaker during an outage of the payment gateway under load.

use std::time::{Duration, Instant};

use http::StatusCode;
use serde_json::Value;
use stripe_sandbox::{Effect, Operation, Rule};
use test_support::TestApp;
use test_support::app::eventually;
use test_support::audit::{Expectations, MoneyAndStock};

use crate::crashes::{FULFILMENT, settle};

/// Number of orders placed during the outage.
const ORDERS: usize = 40;
/// Time after the outage until the gateway must be called again.
const RECOVERY: Duration = Duration::from_secs(10);

/// Calls that reached the gateway during the outage.
async fn calls(app: &TestApp) -> usize {
    let address = format!("{}/sandbox/behaviour", app.stack().payments_endpoint());
    let rules = reqwest::get(address).await.unwrap().json::<Value>().await.unwrap();
    usize::try_from(rules["rules"][0]["seen"].as_u64().unwrap()).unwrap()
}

/// Number of messages that were sent again with a delay.
fn delayed(app: &TestApp) -> usize {
    let lines = app.stack().logs().lines(FULFILMENT);
    lines.iter().filter(|line| line.contains(r#""outcome":"retry""#) && !line.contains("_aws")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn results_of_a_gateway_outage_under_load() {
    let app = TestApp::start_with(|builder| builder.parameter("PaymentGatewayBreakerOpenSeconds", "1")).await;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 100).await;
    app.stack().payments().add_fault_rule(Rule::on(Operation::Any, Effect::Fail { status: 503 }));
    let mut orders = Vec::new();
    for n in 0..ORDERS {
        let placed = app.order(&buyer, &format!("k{n}"), &product, 1, Some("pm_card_visa")).await;
        orders.push(placed.data(StatusCode::CREATED)["id"].as_str().unwrap().to_owned());
    }
    // More often than the maximum receive count of the queue.
    let delayed_often = || async { (delayed(&app) >= 6 * ORDERS).then_some(()) };
    eventually("each order was delayed about six times", delayed_often).await;
    let (calls, attempts) = (calls(&app).await, delayed(&app));
    app.stack().payments().clear_fault_rules();
    let outage_end = Instant::now();
    let captured = || async {
        let ledger = app.stack().payments().ledger();
        orders.iter().any(|id| !ledger.captures_of(id).is_empty()).then(|| outage_end.elapsed())
    };
    let recovered = eventually("the gateway is called again", captured).await;
    for id in &orders {
        app.wait_for_order(&buyer, id, &["confirmed"]).await;
    }
    settle(&app).await;
    let ledger = app.stack().payments().ledger();
    let expectations = Expectations { stocked: [(product, 100)].into(), acknowledged: orders.clone() };
    let violations = MoneyAndStock::read(&app).await.violations(&expectations, &ledger);
    println!(
        "gateway outage under load: {ORDERS} orders, {attempts} attempts, {calls} calls, recovered within {recovered:?}, {} violations",
        violations.len()
    );
    assert_eq!(violations, Vec::<String>::new());
    assert!(orders.iter().all(|id| ledger.captures_of(id).len() == 1));
    assert!(calls * 10 <= attempts * 11, "{calls} calls for {attempts} attempts");
    assert!(calls < attempts / 2, "{calls} calls for {attempts} attempts: the breaker did not open");
    assert!(recovered <= RECOVERY, "{recovered:?}");
}

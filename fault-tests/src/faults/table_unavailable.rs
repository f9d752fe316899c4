//! A table that does not answer those who limit requests, or remember them.

use futures::FutureExt;
use futures::future::BoxFuture;
use http::{Method, StatusCode};
use local::faults::{Fault as Fails, FaultBody, Rule, Service};
use serde_json::json;
use test_support::app::Answer;
use test_support::audit::{Invariant, MoneyAndStock, Violation};

use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::{ClientRequest, Fixture};

pub(crate) struct Stores;

impl Fault for Stores {
    fn name(&self) -> &'static str {
        "stores"
    }

    fn description(&self) -> &'static str {
        "the table does not answer: a login and an order are refused, a public read goes on"
    }

    fn effort(&self) -> TrialCounts {
        TrialCounts { long: 100, short: 3, together: 25 }
    }

    fn run<'a>(&'a self, bench: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        bench.each(trials, 1, |trial| one(bench, trial.number)).boxed()
    }
}

/// All calls of a function to the table fail: of this operation, or whatever it is.
fn silent(function: &str, operation: Option<&str>) -> Rule {
    let body = json!({ "__type": "com.amazonaws.dynamodb.v20120810#InternalServerError" });
    let rule = Rule::new(function, Fails::Status(500, FaultBody::Json(body))).service(Service::DynamoDb);
    let rule = rule.times(u64::MAX);
    match operation {
        Some(operation) => rule.operation(operation),
        None => rule,
    }
}

async fn one(bench: &Fixture, number: u64) -> Result<bool, Violation> {
    let product = bench.product(number, 5).await?;
    for rule in
        [silent("api-auth", None), silent("api-orders", None), silent("api-markets", Some("UpdateItem"))]
    {
        bench.faults().inject(rule);
    }
    let login = json!({ "email": bench.buyer(number).email, "password": "correct horse battery staple" });
    let login = bench.shop.ask(Method::POST, "/v1/auth/login").json(&login).send();
    let read = bench.shop.ask(Method::GET, "/v1/markets").by(bench.buyer(number)).send();
    let order =
        json!({ "items": [{ "productId": product, "quantity": 1 }], "paymentMethod": "pm_card_visa" });
    let wish = ClientRequest::post(bench.buyer(number), "/v1/orders", local::system::aws_ids::uuid(), order);
    let (login, read, order) = futures::join!(login, read, bench.ask_once(&wish));
    bench.faults().clear_rules();
    expect("a login is refused", &login, StatusCode::SERVICE_UNAVAILABLE)?;
    expect("a public read goes on", &read, StatusCode::OK)?;
    expect("an order is not acknowledged", &order, StatusCode::SERVICE_UNAVAILABLE)?;
    let orders = MoneyAndStock::read(&bench.shop).await.orders;
    let bought = |line: &shared::domain::order::OrderLine| line.product_id.to_string() == product;
    if orders.values().any(|order| order.lines.iter().any(bought)) {
        return Err(Violation::new(Invariant::Http, &product, "no order", "there is one"));
    }
    // Under the same key it is placed, once there is somewhere to place it.
    let placed = bench.expect_success(&wish).await?;
    bench.acknowledged(placed["id"].as_str().unwrap_or_default(), number);
    Ok(true)
}

fn expect(what: &str, answer: &Answer, status: StatusCode) -> Result<(), Violation> {
    if answer.status == status {
        return Ok(());
    }
    let was = format!("{}: {}", answer.status, answer.text);
    Err(Violation::new(Invariant::Limits, what, status, was))
}

//! A table that does not respond to the rate limiter and to commands with idempotency keys.

use futures::FutureExt;
use futures::future::BoxFuture;
use http::{Method, StatusCode};
use local::faults::{Fault as CallFault, FaultBody, Rule, Service};
use serde_json::json;
use test_support::app::TestResponse;
use test_support::audit::{Invariant, MoneyAndStock, Violation};

use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::{ClientRequest, Fixture};

pub(crate) struct TableUnavailable;

impl Fault for TableUnavailable {
    fn name(&self) -> &'static str {
        "stores"
    }

    fn description(&self) -> &'static str {
        "the table does not respond: a login and an order are rejected, a public read succeeds"
    }

    fn trial_counts(&self) -> TrialCounts {
        TrialCounts { long: 100, short: 3, per_stack: 25 }
    }

    fn run<'a>(&'a self, fixture: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        fixture.run_trials(trials, 1, |trial| one(fixture, trial.number)).boxed()
    }
}

/// Rule that fails all calls of a function to the table, optionally of one operation only.
fn unavailable(function: &str, operation: Option<&str>) -> Rule {
    let body = json!({ "__type": "com.amazonaws.dynamodb.v20120810#InternalServerError" });
    let rule = Rule::new(function, CallFault::Status(500, FaultBody::Json(body))).service(Service::DynamoDb);
    let rule = rule.times(u64::MAX);
    match operation {
        Some(operation) => rule.operation(operation),
        None => rule,
    }
}

async fn one(fixture: &Fixture, number: u64) -> Result<bool, Violation> {
    let product = fixture.product(number, 5).await?;
    for rule in [
        unavailable("api-auth", None),
        unavailable("api-orders", None),
        unavailable("api-markets", Some("UpdateItem")),
    ] {
        fixture.faults().inject(rule);
    }
    let login = json!({ "email": fixture.buyer(number).email, "password": "correct horse battery staple" });
    let login = fixture.app.request(Method::POST, "/v1/auth/login").json(&login).send();
    let read = fixture.app.request(Method::GET, "/v1/markets").by(fixture.buyer(number)).send();
    let order =
        json!({ "items": [{ "productId": product, "quantity": 1 }], "paymentMethod": "pm_card_visa" });
    let request =
        ClientRequest::post(fixture.buyer(number), "/v1/orders", local::system::aws_ids::uuid(), order);
    let (login, read, order) = futures::join!(login, read, fixture.send_once(&request));
    fixture.faults().clear_rules();
    expect("the login is rejected", &login, StatusCode::SERVICE_UNAVAILABLE)?;
    expect("the public read succeeds", &read, StatusCode::OK)?;
    expect("the order is not acknowledged", &order, StatusCode::SERVICE_UNAVAILABLE)?;
    let orders = MoneyAndStock::read(&fixture.app).await.orders;
    let bought = |line: &shared::domain::order::lines::ItemLine| line.product_id.to_string() == product;
    if orders.values().any(|order| order.lines.items().any(bought)) {
        return Err(Violation::new(Invariant::Http, &product, "no order", "an order"));
    }
    // The retry under the same key places the order, because the table responds again.
    let placed = fixture.expect_success(&request).await?;
    fixture.record_acknowledged(placed["id"].as_str().unwrap_or_default(), number);
    Ok(true)
}

fn expect(what: &str, response: &TestResponse, status: StatusCode) -> Result<(), Violation> {
    if response.status == status {
        return Ok(());
    }
    let was = format!("{}: {}", response.status, response.text);
    Err(Violation::new(Invariant::Limits, what, status, was))
}

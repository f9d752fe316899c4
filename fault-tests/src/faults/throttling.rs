//! Throttling by the table, and transactions cancelled because of conflicts or throttling.

use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, try_join_all};
use local::faults::{Fault as CallFault, FaultBody, Rule, Service};
use serde_json::json;
use shared::domain::market::status_copy::STATUS_COPIES;
use simulation::rng::one_of;
use test_support::audit::Violation;

use super::FULFILMENT;
use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::Fixture;
use crate::scenario::{PlacedOrder, Scenario};
use crate::trial::Trial;

pub(crate) struct Throttling;

/// Duration of the throttling in most trials.
const SHORT: Duration = Duration::from_secs(3);
/// Duration of the throttling in every twentieth trial.
const LONG: Duration = Duration::from_secs(30);

/// Number of concurrent orders whose transactions conflict. They are more than the copies of the status of their
/// market, so that two of them check the same one.
const ORDERS_IN_CONFLICT: u32 = STATUS_COPIES + 1;
/// Duration of each transaction meanwhile.
const TRANSACTION_DURATION: Duration = Duration::from_millis(40);

/// Cancellation reasons of a transaction: conflicts and throttling, alone and combined.
const REASONS: [&[&str]; 6] = [
    &["TransactionConflict"],
    &["None", "TransactionConflict"],
    &["ThrottlingError"],
    &["ProvisionedThroughputExceeded", "TransactionConflict"],
    &["ConditionalCheckFailed", "ThrottlingError"],
    &["ConditionalCheckFailed", "TransactionConflict"],
];

/// Failed condition of the stock, the second item of the saga's first transaction.
const NO_STOCK: &[&str] = &["None", "ConditionalCheckFailed"];

impl Fault for Throttling {
    fn name(&self) -> &'static str {
        "throttled"
    }

    fn description(&self) -> &'static str {
        "10, 50 or 100 % of calls throttled for 3 s (30 s in every twentieth trial) under load; a \
         transaction cancelled for each combination of reasons, or in progress; orders of one market whose \
         transactions conflict"
    }

    fn trial_counts(&self) -> TrialCounts {
        TrialCounts { long: 300, short: 7, per_stack: 30 }
    }

    fn run<'a>(&'a self, fixture: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        fixture.run_trials(trials, 1, |trial| one(fixture, trial)).boxed()
    }
}

async fn one(fixture: &Fixture, Trial { number, mut rng }: Trial) -> Result<bool, Violation> {
    let duration = if number % 20 == 19 { LONG } else { SHORT };
    let throttled = |percent, seed| {
        Rule::new("*", CallFault::throttled())
            .service(Service::DynamoDb)
            .times(u64::MAX)
            .percent(percent, seed)
    };
    let cancelled = |codes| {
        let fault = CallFault::Status(400, FaultBody::Cancelled(codes));
        Rule::new(FULFILMENT, fault).operation("TransactWriteItems")
    };
    match number % 7 {
        0 => throttle_under_load(fixture, number, throttled(10, rng.u64(..)), duration).await,
        1 => throttle_under_load(fixture, number, throttled(50, rng.u64(..)), duration).await,
        2 => throttle_under_load(fixture, number, throttled(100, rng.u64(..)), duration).await,
        3 => {
            run_with_fault(fixture, number, cancelled(one_of(&mut rng, &REASONS)), Scenario::Confirmed).await
        }
        4 => run_with_fault(fixture, number, in_progress(), Scenario::Confirmed).await,
        5 => conflicts_in_one_market(fixture, number).await,
        // A failed condition is final, and is not retried.
        _ => run_with_fault(fixture, number, cancelled(NO_STOCK), Scenario::OutOfStock).await,
    }
}

fn in_progress() -> Rule {
    let body = json!({ "__type": "com.amazonaws.dynamodb.v20120810#TransactionInProgressException" });
    Rule::new(FULFILMENT, CallFault::Status(400, FaultBody::Json(body))).operation("TransactWriteItems")
}

/// Places orders while the table throttles calls for `duration`; afterwards each order must complete.
async fn throttle_under_load(
    fixture: &Fixture,
    number: u64,
    rule: Rule,
    duration: Duration,
) -> Result<bool, Violation> {
    let scenarios = [Scenario::Confirmed, Scenario::Declined, Scenario::OutOfStock, Scenario::Confirmed];
    let creating = scenarios
        .map(|scenario| fixture.product(number, if scenario == Scenario::OutOfStock { 1 } else { 5 }));
    let products = try_join_all(creating).await?;
    let injection = fixture.faults().inject(rule);
    let place =
        async |scenario: Scenario, product: &str| scenario.place_order_of(fixture, number, product).await;
    let orders =
        try_join_all(scenarios.iter().zip(&products).map(|(scenario, product)| place(*scenario, product)));
    let throttling = async {
        local::system::clock::sleep(duration).await;
        fixture.faults().clear_rules();
    };
    let (orders, ()) = futures::join!(orders, throttling);
    let orders: Vec<PlacedOrder> = orders?;
    fixture.settle().await;
    for (scenario, placed) in scenarios.iter().zip(&orders) {
        scenario.wait_for_end(fixture, placed).await?;
    }
    Ok(injection.trigger_count() > 0)
}

/// Places orders of one market at the same time, while transactions with a common item are cancelled, even if they
/// only check it. Each order must complete.
async fn conflicts_in_one_market(fixture: &Fixture, number: u64) -> Result<bool, Violation> {
    let products = try_join_all((0..ORDERS_IN_CONFLICT).map(|_| fixture.product(number, 5))).await?;
    let slow = Rule::new("*", CallFault::Delay(TRANSACTION_DURATION)).operation("TransactWriteItems");
    fixture.faults().inject(slow.times(u64::MAX));
    let detection = fixture.faults().detect_transaction_conflicts();
    let placing = products.iter().map(|product| Scenario::Confirmed.place_order_of(fixture, number, product));
    let orders: Vec<PlacedOrder> = try_join_all(placing).await?;
    fixture.settle().await;
    for placed in &orders {
        Scenario::Confirmed.wait_for_end(fixture, placed).await?;
    }
    fixture.faults().clear_rules();
    Ok(detection.cancelled_transactions() > 0)
}

/// Runs an order with one injected fault; it must end as in `scenario`.
async fn run_with_fault(
    fixture: &Fixture,
    number: u64,
    rule: Rule,
    scenario: Scenario,
) -> Result<bool, Violation> {
    let product = fixture.product(number, 5).await?;
    let injection = fixture.faults().inject(rule);
    let placed = Scenario::Confirmed.place_order_of(fixture, number, &product).await?;
    fixture.settle().await;
    scenario.wait_for_end(fixture, &placed).await?;
    fixture.faults().clear_rules();
    Ok(injection.trigger_count() > 0)
}

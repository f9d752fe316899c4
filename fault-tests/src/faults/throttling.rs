//! A table that has no capacity left, and transactions that it cancels for reasons of its own.

use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, try_join_all};
use local::faults::{Fault as Fails, FaultBody, Rule, Service};
use serde_json::json;
use test_support::audit::Violation;

use super::FULFILMENT;
use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::Fixture;
use crate::scenario::{Placed, Scenario};
use crate::trial::Trial;

pub(crate) struct Throttled;

/// How long the table is short of capacity, most of the time.
const SHORT: Duration = Duration::from_secs(3);
/// How long it is every twentieth time.
const LONG: Duration = Duration::from_secs(30);

/// Why a transaction is cancelled: contention and want of capacity, alone and together.
const REASONS: [&[&str]; 6] = [
    &["TransactionConflict"],
    &["None", "TransactionConflict"],
    &["ThrottlingError"],
    &["ProvisionedThroughputExceeded", "TransactionConflict"],
    &["ConditionalCheckFailed", "ThrottlingError"],
    &["ConditionalCheckFailed", "TransactionConflict"],
];

/// The condition of the stock, the second item of the saga's first transaction.
const NO_STOCK: &[&str] = &["None", "ConditionalCheckFailed"];

impl Fault for Throttled {
    fn name(&self) -> &'static str {
        "throttled"
    }

    fn description(&self) -> &'static str {
        "10, 50 or 100 % of calls throttled for 3 s (every twentieth time 30 s) under load; a transaction cancelled for each \
         mix of reasons, or in progress"
    }

    fn effort(&self) -> TrialCounts {
        TrialCounts { long: 300, short: 6, together: 30 }
    }

    fn run<'a>(&'a self, bench: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        bench.each(trials, 1, |trial| one(bench, trial)).boxed()
    }
}

async fn one(bench: &Fixture, Trial { number, random }: Trial) -> Result<bool, Violation> {
    let last = if number % 20 == 19 { LONG } else { SHORT };
    let mut seed = random;
    let throttled = |percent, seed| {
        Rule::new("*", Fails::throttled()).service(Service::DynamoDb).times(u64::MAX).percent(percent, seed)
    };
    let cancelled = |codes| {
        let fault = Fails::Status(400, FaultBody::Cancelled(codes));
        Rule::new(FULFILMENT, fault).operation("TransactWriteItems")
    };
    match number % 6 {
        0 => short_of_capacity(bench, number, throttled(10, seed.next()), last).await,
        1 => short_of_capacity(bench, number, throttled(50, seed.next()), last).await,
        2 => short_of_capacity(bench, number, throttled(100, seed.next()), last).await,
        3 => struck(bench, number, cancelled(seed.pick(&REASONS)), Scenario::Confirmed).await,
        4 => struck(bench, number, in_progress(), Scenario::Confirmed).await,
        // A condition that fails is a fact, and no reason to try again.
        _ => struck(bench, number, cancelled(NO_STOCK), Scenario::OutOfStock).await,
    }
}

fn in_progress() -> Rule {
    let body = json!({ "__type": "com.amazonaws.dynamodb.v20120810#TransactionInProgressException" });
    Rule::new(FULFILMENT, Fails::Status(400, FaultBody::Json(body))).operation("TransactWriteItems")
}

/// Orders are placed while the table has too little capacity for a while; once it has enough, each comes to its end.
async fn short_of_capacity(
    bench: &Fixture,
    number: u64,
    rule: Rule,
    last: Duration,
) -> Result<bool, Violation> {
    let courses = [Scenario::Confirmed, Scenario::Declined, Scenario::OutOfStock, Scenario::Confirmed];
    let stocked =
        courses.map(|course| bench.product(number, if course == Scenario::OutOfStock { 1 } else { 5 }));
    let products = try_join_all(stocked).await?;
    let struck = bench.faults().inject(rule);
    let place = async |course: Scenario, product: &str| course.place_of(bench, number, product).await;
    let orders = try_join_all(courses.iter().zip(&products).map(|(course, product)| place(*course, product)));
    let scarcity = async {
        local::system::clock::sleep(last).await;
        bench.faults().clear_rules();
    };
    let (orders, ()) = futures::join!(orders, scarcity);
    let orders: Vec<Placed> = orders?;
    bench.settle().await;
    for (course, placed) in courses.iter().zip(&orders) {
        course.ends(bench, placed).await?;
    }
    Ok(struck.trigger_count() > 0)
}

/// One order meets the rule once, and ends as `course` does.
async fn struck(bench: &Fixture, number: u64, rule: Rule, course: Scenario) -> Result<bool, Violation> {
    let product = bench.product(number, 5).await?;
    let struck = bench.faults().inject(rule);
    let placed = Scenario::Confirmed.place_of(bench, number, &product).await?;
    bench.settle().await;
    course.ends(bench, &placed).await?;
    bench.faults().clear_rules();
    Ok(struck.trigger_count() > 0)
}

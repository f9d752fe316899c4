//! Events that are delivered out of order.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use fastrand::Rng;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::Method;
use local::faults::{RequestMutation, Service};
use serde_json::{Value, json};
use simulation::rng::one_of;
use test_support::audit::Violation;

use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::{ClientRequest, Fixture, rejected};
use crate::scenario::Scenario;
use crate::trial::Trial;

pub(crate) struct Reordering;

/// Number of concurrent orders.
const CONCURRENCY: usize = 6;
/// Number of times that a product is renamed in a trial.
const RENAMES: u64 = 5;
/// Maximum delay of an event, in whole seconds as SQS requires.
const MAX_DELAY: u64 = 3;

/// Latest arrival by queue and subject, and the number of events that overtook an earlier one.
#[derive(Debug, Default)]
struct Arrivals {
    last: BTreeMap<(String, String), Instant>,
    overtaken: u64,
}

impl Fault for Reordering {
    fn name(&self) -> &'static str {
        "reordered"
    }

    fn description(&self) -> &'static str {
        "an event overtakes an earlier event of the same entity"
    }

    fn trial_counts(&self) -> TrialCounts {
        TrialCounts { long: 10_000, short: 20, per_stack: 100 }
    }

    fn run<'a>(&'a self, fixture: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        run(fixture, trials).boxed()
    }
}

async fn run(fixture: &Fixture, trials: Trials) {
    let arrivals = delay_events(fixture, trials.rng());
    let overtaken = || arrivals.lock().unwrap_or_else(PoisonError::into_inner).overtaken;
    let mut first = trials.numbers.start;
    // Places orders until enough events were reordered; each order causes several.
    for _ in 0..trials.count() {
        if overtaken() >= trials.count() {
            break;
        }
        let orders = Trials { numbers: first..first + CONCURRENCY as u64, ..trials.clone() };
        first = orders.numbers.end;
        fixture.run_trials(orders, CONCURRENCY, |trial| one(fixture, trial)).await;
    }
    fixture.count_trials(overtaken().min(trials.count()));
}

/// Runs an order, and renames its product meanwhile. A trial is a reordered event, not an order.
async fn one(fixture: &Fixture, Trial { number, mut rng }: Trial) -> Result<bool, Violation> {
    let product = fixture.product(number, 5).await?;
    let scenario =
        one_of(&mut rng, &[Scenario::Confirmed, Scenario::Declined, Scenario::Cancelled, Scenario::Refunded]);
    let placed = scenario.place_order_of(fixture, number, &product).await?;
    for turn in 0..RENAMES {
        let request = ClientRequest {
            by: &fixture.seller,
            method: Method::PATCH,
            path: format!("/v1/products/{product}"),
            key: local::system::aws_ids::uuid(),
            body: json!({ "title": format!("Name {turn} of trial {number}") }),
        };
        let renamed = fixture.send_if_match(&request, "*").await;
        if !renamed.status.is_success() {
            return Err(rejected(&request, &renamed));
        }
    }
    scenario.run_after(fixture, &placed).await?;
    scenario.wait_for_end(fixture, &placed).await?;
    Ok(false)
}

/// Adds a random delay to each event that the relay sends, and counts the reordered events.
fn delay_events(fixture: &Fixture, rng: Rng) -> Arc<Mutex<Arrivals>> {
    let arrivals = Arc::new(Mutex::new(Arrivals::default()));
    let (counted, rng) = (Arc::clone(&arrivals), Mutex::new(rng));
    fixture.faults().add_mutation(RequestMutation::new(
        "stream-outbox-relay",
        Service::Sqs,
        move |_, body| {
            let queue = body["QueueUrl"].as_str().unwrap_or_default().to_owned();
            let mut rng = rng.lock().unwrap_or_else(PoisonError::into_inner);
            let mut arrivals = counted.lock().unwrap_or_else(PoisonError::into_inner);
            for entry in body.get_mut("Entries").and_then(Value::as_array_mut).into_iter().flatten() {
                let delay = rng.u64(..=MAX_DELAY);
                entry["DelaySeconds"] = json!(delay);
                let message: Value = serde_json::from_str(entry["MessageBody"].as_str().unwrap_or_default())
                    .unwrap_or_default();
                let subject = message["subject"].as_str().unwrap_or_default().to_owned();
                arrivals.record((queue.clone(), subject), Instant::now() + Duration::from_secs(delay));
            }
        },
    ));
    arrivals
}

impl Arrivals {
    /// Records an arrival. The relay sends the events of an entity in order, so that an event that arrives
    /// before the latest arrival of the events sent earlier has overtaken it.
    fn record(&mut self, entity: (String, String), at: Instant) {
        let last = self.last.entry(entity).or_insert(at);
        if at < *last {
            self.overtaken += 1;
        } else {
            *last = at;
        }
    }
}

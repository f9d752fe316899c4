//! Events that overtake each other.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::BoxFuture;
use http::Method;
use local::faults::{RequestMutation, Service};
use serde_json::{Value, json};
use test_support::audit::Violation;

use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::{ClientRequest, Fixture, refused};
use crate::random::Random;
use crate::scenario::Scenario;
use crate::trial::Trial;

pub(crate) struct Reordered;

/// How many orders are under way at once.
const AT_ONCE: usize = 6;
/// How often a product is renamed while its events overtake each other.
const RENAMES: u64 = 5;
/// By how many seconds an event is held back at most; a queue's delay is in whole ones.
const LONGEST: u64 = 3;

/// When each event comes, by queue and subject, and how many have been overtaken.
#[derive(Debug, Default)]
struct Arrivals {
    last: BTreeMap<(String, String), Instant>,
    overtaken: u64,
}

impl Fault for Reordered {
    fn name(&self) -> &'static str {
        "reordered"
    }

    fn description(&self) -> &'static str {
        "an event overtakes an earlier one of the same thing"
    }

    fn effort(&self) -> TrialCounts {
        TrialCounts { long: 10_000, short: 20, together: 100 }
    }

    fn run<'a>(&'a self, bench: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        run(bench, trials).boxed()
    }
}

async fn run(bench: &Fixture, trials: Trials) {
    let arrivals = hold_back(bench, trials.random());
    let overtaken = || arrivals.lock().unwrap_or_else(PoisonError::into_inner).overtaken;
    let mut first = trials.numbers.start;
    // Orders are placed until enough events were overtaken; of each, several are.
    for _ in 0..trials.count() {
        if overtaken() >= trials.count() {
            break;
        }
        let orders = Trials { numbers: first..first + AT_ONCE as u64, ..trials.clone() };
        first = orders.numbers.end;
        bench.each(orders, AT_ONCE, |trial| one(bench, trial)).await;
    }
    bench.made(overtaken().min(trials.count()));
}

/// An order on its way, and its product renamed meanwhile. The trials are the events.
async fn one(bench: &Fixture, Trial { number, mut random }: Trial) -> Result<bool, Violation> {
    let product = bench.product(number, 5).await?;
    let course =
        random.pick(&[Scenario::Confirmed, Scenario::Declined, Scenario::Cancelled, Scenario::Refunded]);
    let placed = course.place_of(bench, number, &product).await?;
    for turn in 0..RENAMES {
        let wish = ClientRequest {
            by: &bench.seller,
            method: Method::PATCH,
            path: format!("/v1/products/{product}"),
            key: local::system::aws_ids::uuid(),
            body: json!({ "title": format!("Name {turn} of trial {number}") }),
        };
        let renamed = bench.send_if_match(&wish, "*").await;
        if !renamed.status.is_success() {
            return Err(refused(&wish, &renamed));
        }
    }
    course.run_after(bench, &placed).await?;
    course.ends(bench, &placed).await?;
    Ok(false)
}

/// Has the relay send each event with a delay of its own, and counts those that are overtaken by that.
fn hold_back(bench: &Fixture, random: Random) -> Arc<Mutex<Arrivals>> {
    let arrivals = Arc::new(Mutex::new(Arrivals::default()));
    let (counted, random) = (Arc::clone(&arrivals), Mutex::new(random));
    bench.faults().add_mutation(RequestMutation::new("stream-outbox-relay", Service::Sqs, move |_, body| {
        let queue = body["QueueUrl"].as_str().unwrap_or_default().to_owned();
        let mut random = random.lock().unwrap_or_else(PoisonError::into_inner);
        let mut arrivals = counted.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in body.get_mut("Entries").and_then(Value::as_array_mut).into_iter().flatten() {
            let delay = random.below(LONGEST + 1);
            entry["DelaySeconds"] = json!(delay);
            let message: Value =
                serde_json::from_str(entry["MessageBody"].as_str().unwrap_or_default()).unwrap_or_default();
            let subject = message["subject"].as_str().unwrap_or_default().to_owned();
            arrivals.note((queue.clone(), subject), Instant::now() + Duration::from_secs(delay));
        }
    }));
    arrivals
}

impl Arrivals {
    /// The relay sends the events of a thing in their order: one that comes before the last of those sent before it has
    /// overtaken it.
    fn note(&mut self, of: (String, String), at: Instant) {
        let last = self.last.entry(of).or_insert(at);
        if at < *last {
            self.overtaken += 1;
        } else {
            *last = at;
        }
    }
}

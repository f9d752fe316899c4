//! More at once than is allowed, over all instances.

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use http::{Method, StatusCode};
use local::StackBuilder;
use serde_json::json;
use test_support::audit::{Invariant, Violation};

use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::Fixture;

pub(crate) struct Limits;

/// Reads a minute.
const READS: usize = 40;
/// Failed logins in a quarter of an hour.
const LOGINS: usize = 10;

impl Fault for Limits {
    fn name(&self) -> &'static str {
        "limits"
    }

    fn description(&self) -> &'static str {
        "90 reads and 25 wrong passwords at once, where 40 and 10 are allowed"
    }

    fn effort(&self) -> TrialCounts {
        TrialCounts { long: 200, short: 2, together: 20 }
    }

    fn trials_to_detect(&self) -> u64 {
        1
    }

    fn shop(&self, builder: StackBuilder) -> StackBuilder {
        builder.parameter("ReadsPerMinute", READS.to_string()).parameter("LoginFailuresPerHour", "1000000")
    }

    fn run<'a>(&'a self, bench: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        bench.limited("reads#", i64::try_from(READS).unwrap_or(i64::MAX));
        bench.limited("login#both#", i64::try_from(LOGINS).unwrap_or(i64::MAX));
        bench.each(trials, 1, |trial| one(bench, trial.number)).boxed()
    }
}

async fn one(bench: &Fixture, number: u64) -> Result<bool, Violation> {
    let customer =
        bench.shop.customer(&format!("busy-{number}-{}", &local::system::aws_ids::uuid()[..8])).await;
    let reads = (0..90).map(|_| bench.shop.ask(Method::GET, "/v1/orders").by(&customer).send());
    let granted = join_all(reads).await.iter().filter(|answer| answer.status == StatusCode::OK).count();
    let wrong = json!({ "email": customer.email, "password": "a wrong password" });
    let guesses = (0..25).map(|_| bench.shop.ask(Method::POST, "/v1/auth/login").json(&wrong).send());
    let guesses = join_all(guesses).await;
    let tried = guesses.iter().filter(|answer| answer.status == StatusCode::UNAUTHORIZED).count();
    // A window may end in between, once; the counts in the table are held against the limits window by window.
    if granted > 0 && granted <= 2 * READS && tried > 0 && tried <= 2 * LOGINS {
        return Ok(true);
    }
    let was = format!("{granted} reads and {tried} guesses");
    Err(Violation::new(Invariant::Limits, &customer.id, "some, and no more than is allowed", was))
}

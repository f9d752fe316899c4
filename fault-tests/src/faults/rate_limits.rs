//! Concurrent requests above the rate limits, across all instances.

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use http::{Method, StatusCode};
use local::StackBuilder;
use serde_json::json;
use test_support::audit::{Invariant, Violation};

use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::Fixture;

pub(crate) struct RateLimits;

/// Limit of reads in any minute.
const READS: usize = 40;
/// Limit of failed logins in 15 minutes.
const LOGINS: usize = 10;

impl Fault for RateLimits {
    fn name(&self) -> &'static str {
        "limits"
    }

    fn description(&self) -> &'static str {
        "90 concurrent reads and 25 concurrent wrong passwords, with limits of 40 and 10"
    }

    fn trial_counts(&self) -> TrialCounts {
        TrialCounts { long: 200, short: 2, per_stack: 20 }
    }

    fn trials_to_detect(&self) -> u64 {
        1
    }

    fn stack_settings(&self, builder: StackBuilder) -> StackBuilder {
        builder.parameter("ReadLimit", READS.to_string()).parameter("LoginFailuresPerHour", "1000000")
    }

    fn run<'a>(&'a self, fixture: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        fixture.record_limit("reads#", i64::try_from(READS).unwrap_or(i64::MAX));
        fixture.record_limit("login#both#", i64::try_from(LOGINS).unwrap_or(i64::MAX));
        fixture.run_trials(trials, 1, |trial| one(fixture, trial.number)).boxed()
    }
}

async fn one(fixture: &Fixture, number: u64) -> Result<bool, Violation> {
    let customer =
        fixture.app.register(&format!("busy-{number}-{}", &local::system::aws_ids::uuid()[..8])).await;
    let reads = (0..90).map(|_| fixture.app.request(Method::GET, "/v1/orders").by(&customer).send());
    let admitted = join_all(reads).await.iter().filter(|response| response.status == StatusCode::OK).count();
    let wrong = json!({ "email": customer.email, "password": "a wrong password" });
    let guesses = (0..25).map(|_| fixture.app.request(Method::POST, "/v1/auth/login").json(&wrong).send());
    let guesses = join_all(guesses).await;
    let checked = guesses.iter().filter(|response| response.status == StatusCode::UNAUTHORIZED).count();
    // The limit of reads holds in every window; a window of failed logins can end in between. The auditor
    // compares the stored counters with the limits.
    if admitted > 0 && admitted <= READS && checked > 0 && checked <= 2 * LOGINS {
        return Ok(true);
    }
    let was = format!("{admitted} reads and {checked} guesses");
    Err(Violation::new(Invariant::Limits, &customer.id, "more than zero, and no more than the limit", was))
}

//! Races between concurrent requests, and decisions that must not use stale data.

mod accounts;
mod expired;
mod products;

use futures::FutureExt;
use futures::future::BoxFuture;
use http::StatusCode;
use test_support::app::TestResponse;
use test_support::audit::{Invariant, Violation};

use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::Fixture;

pub(crate) struct Races;

/// Number of concurrent races.
const CONCURRENCY: usize = 4;

impl Fault for Races {
    fn name(&self) -> &'static str {
        "races"
    }

    fn description(&self) -> &'static str {
        "two updates on one version, twenty requests under one key, more buyers than stock, one SKU or \
         e-mail address for several, a token used twice, a suspended moderator, an expired key, an outdated \
         price"
    }

    fn trial_counts(&self) -> TrialCounts {
        TrialCounts { long: 1_000, short: 18, per_stack: 48 }
    }

    fn trials_to_detect(&self) -> u64 {
        9
    }

    fn run<'a>(&'a self, fixture: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        fixture.run_trials(trials, CONCURRENCY, |trial| one(fixture, trial.number)).boxed()
    }
}

async fn one(fixture: &Fixture, number: u64) -> Result<bool, Violation> {
    match number % 9 {
        0 => products::two_updates_on_one_version(fixture, number).await,
        1 => products::twenty_requests_under_one_key(fixture, number).await,
        2 => products::more_buyers_than_stock(fixture, number).await,
        3 => products::two_products_with_one_sku(fixture, number).await,
        4 => accounts::three_accounts_with_one_email(fixture, number).await,
        5 => accounts::refresh_token_used_twice(fixture, number).await,
        6 => accounts::suspended_moderator(fixture, number).await,
        7 => expired::expired_idempotency_key(fixture, number).await,
        _ => products::outdated_price(fixture, number).await,
    }?;
    Ok(true)
}

/// Checks how many responses have each status.
fn expect_status_counts(
    invariant: Invariant,
    what: &str,
    responses: &[TestResponse],
    expected: &[(StatusCode, usize)],
) -> Result<(), Violation> {
    let count = |status| responses.iter().filter(|response| response.status == status).count();
    if expected.iter().all(|(status, times)| count(*status) == *times) {
        return Ok(());
    }
    let statuses: Vec<String> =
        responses.iter().map(|response| response.status.as_u16().to_string()).collect();
    Err(Violation::new(invariant, what, format!("{expected:?}"), statuses.join(", ")))
}

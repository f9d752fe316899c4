//! Several who want the same at the same moment, and decisions that must not rest on what was true a moment ago.

mod accounts;
mod expired;
mod products;

use futures::FutureExt;
use futures::future::BoxFuture;
use http::StatusCode;
use test_support::app::Answer;
use test_support::audit::{Invariant, Violation};

use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::Fixture;

pub(crate) struct Races;

/// How many races are on at once.
const AT_ONCE: usize = 4;

impl Fault for Races {
    fn name(&self) -> &'static str {
        "races"
    }

    fn description(&self) -> &'static str {
        "two updates on one version, twenty requests under one key, more buyers than pieces, one SKU or address for two, \
         a token used twice, a suspended moderator, a key that has lapsed, a price of a moment ago"
    }

    fn effort(&self) -> TrialCounts {
        TrialCounts { long: 1_000, short: 18, together: 48 }
    }

    fn trials_to_detect(&self) -> u64 {
        9
    }

    fn run<'a>(&'a self, bench: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        bench.each(trials, AT_ONCE, |trial| one(bench, trial.number)).boxed()
    }
}

async fn one(bench: &Fixture, number: u64) -> Result<bool, Violation> {
    match number % 9 {
        0 => products::two_updates_on_one_version(bench, number).await,
        1 => products::twenty_requests_under_one_key(bench, number).await,
        2 => products::more_buyers_than_pieces(bench, number).await,
        3 => products::two_products_of_one_sku(bench, number).await,
        4 => accounts::two_accounts_of_one_address(bench, number).await,
        5 => accounts::a_token_used_twice(bench, number).await,
        6 => accounts::a_suspended_moderator(bench, number).await,
        7 => expired::a_receipt_that_has_lapsed(bench, number).await,
        _ => products::a_price_of_a_moment_ago(bench, number).await,
    }?;
    Ok(true)
}

/// How many answers have each status is as it should be.
fn shared_out(
    invariant: Invariant,
    what: &str,
    answers: &[Answer],
    expected: &[(StatusCode, usize)],
) -> Result<(), Violation> {
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    if expected.iter().all(|(status, times)| count(*status) == *times) {
        return Ok(());
    }
    let said: Vec<String> = answers.iter().map(|answer| answer.status.as_u16().to_string()).collect();
    Err(Violation::new(invariant, what, format!("{expected:?}"), said.join(", ")))
}

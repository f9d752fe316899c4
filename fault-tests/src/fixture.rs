//! Fixture of a batch of trials: the stack with users, and the observations of the trials.

mod recovery;
mod retrying_client;

pub(crate) use retrying_client::{ClientRequest, rejected};

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use futures::{FutureExt, StreamExt, stream};
use http::{Method, StatusCode};
use local::StackBuilder;
use local::faults::Faults;
use serde_json::json;
use shared::domain::user::Role;
use test_support::audit::{AuditSnapshot, Expectations, HttpLog, Invariant, Violation};
use test_support::{TestApp, TestUser};

use crate::run_log::Finding;
use crate::trial::{Trial, Trials};

/// Timeout of asynchronous effects.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Timeout with a seeded bug, which can prevent an effect altogether.
const TIMEOUT_WITH_A_BUG: Duration = Duration::from_secs(5);

/// Number of buyers.
const BUYERS: usize = 3;

/// Stack with users and a market.
pub(crate) struct Fixture {
    pub(crate) app: TestApp,
    pub(crate) seller: TestUser,
    pub(crate) admin: TestUser,
    buyers: Vec<TestUser>,
    pub(crate) market: String,
    timeout: Duration,
    observations: Mutex<Observations>,
}

/// Observations of the trials.
#[derive(Debug, Default)]
struct Observations {
    expectations: Expectations,
    http_log: HttpLog,
    /// Number of the trial that an id belongs to.
    trial_by_id: BTreeMap<String, u64>,
    findings: Vec<Finding>,
    /// Bodies of messages that are expected to be dead-lettered.
    expected_dead_letters: BTreeSet<String>,
    /// Number of faults that really occurred.
    trials: u64,
}

impl Fixture {
    /// Starts the stack, and creates users and a market. `has_bug` shortens the timeout.
    pub(crate) async fn open(settings: impl FnOnce(StackBuilder) -> StackBuilder, has_bug: bool) -> Self {
        let app = TestApp::start_with(settings).await;
        let names: Vec<String> = (0..BUYERS).map(|n| format!("buyer-{n}")).collect();
        let buyers = join_all(names.iter().map(|name| app.register(name))).await;
        let (seller, admin) =
            futures::join!(app.register("seller"), app.user_with_role("admin", Role::Admin));
        let market = json!({ "name": "Mugs and more", "currency": "EUR" });
        let created = app.request(Method::POST, "/v1/markets").by(&seller).json(&market).send().await;
        let market =
            created.data(StatusCode::CREATED)["id"].as_str().expect("the market has an id").to_owned();
        let timeout = if has_bug { TIMEOUT_WITH_A_BUG } else { TIMEOUT };
        Self { app, seller, admin, buyers, market, timeout, observations: Mutex::default() }
    }

    /// Fault injector of the stack.
    pub(crate) fn faults(&self) -> &Faults {
        self.app.stack().faults()
    }

    /// Buyer of a trial.
    pub(crate) fn buyer(&self, trial: u64) -> &TestUser {
        &self.buyers[usize::try_from(trial).unwrap_or_default() % self.buyers.len()]
    }

    /// Timeout of asynchronous effects.
    pub(crate) const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Runs trials concurrently. A trial counts if it returns true; a violation or a panic is recorded.
    pub(crate) async fn run_trials<F>(&self, trials: Trials, concurrency: usize, work: impl Fn(Trial) -> F)
    where
        F: Future<Output = Result<bool, Violation>>,
    {
        let one = async |trial: Trial| {
            let number = trial.number;
            match AssertUnwindSafe(work(trial)).catch_unwind().await {
                Ok(Ok(occurred)) => self.lock().trials += u64::from(occurred),
                Ok(Err(violation)) => self.record_violation(Some(number), violation),
                Err(panic) => self.record_violation(Some(number), panicked(number, panic.as_ref())),
            }
        };
        stream::iter(trials.iter()).map(one).buffer_unordered(concurrency).collect::<Vec<()>>().await;
    }

    /// Adds to the number of faults that really occurred.
    pub(crate) fn count_trials(&self, count: u64) {
        self.lock().trials += count;
    }

    /// Records a violation.
    pub(crate) fn record_violation(&self, trial: Option<u64>, violation: Violation) {
        self.lock().findings.push(Finding { trial, violation });
    }

    /// Records that an id belongs to a trial, so that the trial of a violation can be repeated.
    pub(crate) fn attribute_to_trial(&self, id: &str, trial: u64) {
        self.lock().trial_by_id.insert(id.to_owned(), trial);
    }

    /// Records the initial stock of a product.
    pub(crate) fn record_initial_stock(&self, product: &str, stock: i64) {
        self.lock().expectations.stocked.insert(product.to_owned(), stock);
    }

    /// Records the limit of all counters whose name has this prefix.
    pub(crate) fn record_limit(&self, prefix: &str, limit: i64) {
        self.lock().http_log.record_limit(prefix, limit);
    }

    /// Records that a message is expected to be dead-lettered.
    pub(crate) fn expect_dead_letter(&self, body: &str) {
        self.lock().expected_dead_letters.insert(body.to_owned());
    }

    /// Audits the stored data; returns the number of faults that occurred, and all findings.
    pub(crate) async fn audit(self) -> (u64, Vec<Finding>) {
        let snapshot = AuditSnapshot::read(&self.app).await;
        let observations = self.observations.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Observations { expectations, http_log, trial_by_id, mut findings, trials, .. } = observations;
        for violation in snapshot.violations(&expectations, &http_log) {
            let owner = trial_by_id.iter().find(|(id, _)| violation.subject.contains(id.as_str()));
            findings.push(Finding { trial: owner.map(|(_, trial)| *trial), violation });
        }
        (trials, findings)
    }

    fn lock(&self) -> MutexGuard<'_, Observations> {
        self.observations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn panicked(trial: u64, panic: &(dyn std::any::Any + Send)) -> Violation {
    let message = panic.downcast_ref::<String>().cloned();
    let message = message.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    let was = message.unwrap_or_else(|| "a panic".to_owned());
    Violation::new(Invariant::Http, format!("trial {trial}"), "every response as expected", was)
}

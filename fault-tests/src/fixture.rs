//! The shop that trials happen in, with its people, and what they note of what they did.

mod recovery;
mod retrying_client;

pub(crate) use retrying_client::{ClientRequest, refused};

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

/// How long anything that happens by itself may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// As long, where a planted bug may keep it from ever happening.
const PATIENCE_WITH_A_BUG: Duration = Duration::from_secs(5);

/// Who buys.
const BUYERS: usize = 3;

/// A shop that trials happen in.
pub(crate) struct Fixture {
    pub(crate) shop: TestApp,
    pub(crate) seller: TestUser,
    pub(crate) admin: TestUser,
    buyers: Vec<TestUser>,
    pub(crate) market: String,
    patience: Duration,
    notes: Mutex<Notes>,
}

/// What was noted.
#[derive(Debug, Default)]
struct Notes {
    journal: Expectations,
    exchanges: HttpLog,
    /// Which trial an id belongs to.
    whose: BTreeMap<String, u64>,
    findings: Vec<Finding>,
    /// Messages that are meant to be dead.
    buried: BTreeSet<String>,
    made: u64,
}

impl Fixture {
    /// Opens a shop with people in it. `buggy` is told that a bug is planted, so that it does not wait for long.
    pub(crate) async fn open(settings: impl FnOnce(StackBuilder) -> StackBuilder, buggy: bool) -> Self {
        let shop = TestApp::open_with(settings).await;
        let names: Vec<String> = (0..BUYERS).map(|n| format!("buyer-{n}")).collect();
        let buyers = join_all(names.iter().map(|name| shop.customer(name))).await;
        let (seller, admin) =
            futures::join!(shop.customer("seller"), shop.user_with_role("admin", Role::Admin));
        let market = json!({ "name": "Mugs and more", "currency": "EUR" });
        let opened = shop.ask(Method::POST, "/v1/markets").by(&seller).json(&market).send().await;
        let market = opened.data(StatusCode::CREATED)["id"].as_str().expect("an id").to_owned();
        let patience = if buggy { PATIENCE_WITH_A_BUG } else { PATIENCE };
        Self { shop, seller, admin, buyers, market, patience, notes: Mutex::default() }
    }

    /// The faults of the stack.
    pub(crate) fn faults(&self) -> &Faults {
        self.shop.stack().faults()
    }

    /// Who buys in a trial.
    pub(crate) fn buyer(&self, trial: u64) -> &TestUser {
        &self.buyers[usize::try_from(trial).unwrap_or_default() % self.buyers.len()]
    }

    /// How long to wait for what happens by itself.
    pub(crate) const fn patience(&self) -> Duration {
        self.patience
    }

    /// Carries out trials, so many at once, each noted as made if it says so; one that panics has found something.
    pub(crate) async fn each<F>(&self, trials: Trials, at_once: usize, work: impl Fn(Trial) -> F)
    where
        F: Future<Output = Result<bool, Violation>>,
    {
        let one = async |trial: Trial| {
            let number = trial.number;
            match AssertUnwindSafe(work(trial)).catch_unwind().await {
                Ok(Ok(made)) => self.lock().made += u64::from(made),
                Ok(Err(violation)) => self.record_violation(Some(number), violation),
                Err(panic) => self.record_violation(Some(number), panicked(number, panic.as_ref())),
            }
        };
        stream::iter(trials.each()).map(one).buffer_unordered(at_once).collect::<Vec<()>>().await;
    }

    /// Notes that so many trials were really made.
    pub(crate) fn made(&self, count: u64) {
        self.lock().made += count;
    }

    /// Notes something that should not be so.
    pub(crate) fn record_violation(&self, trial: Option<u64>, violation: Violation) {
        self.lock().findings.push(Finding { trial, violation });
    }

    /// Notes that an id belongs to a trial, so that what is found about it can be repeated.
    pub(crate) fn attribute_to_trial(&self, id: &str, trial: u64) {
        self.lock().whose.insert(id.to_owned(), trial);
    }

    /// Notes how many pieces a product began with.
    pub(crate) fn stocked(&self, product: &str, pieces: i64) {
        self.lock().journal.stocked.insert(product.to_owned(), pieces);
    }

    /// Notes that counters which begin so are to stay within a limit.
    pub(crate) fn limited(&self, counters: &str, most: i64) {
        self.lock().exchanges.note_limit(counters, most);
    }

    /// Notes that a message is meant to be dead.
    pub(crate) fn expect_dead_letter(&self, body: &str) {
        self.lock().buried.insert(body.to_owned());
    }

    /// Audits what is left, and gives all that was found, with how many trials were made.
    pub(crate) async fn close(self) -> (u64, Vec<Finding>) {
        let evidence = AuditSnapshot::gather(&self.shop).await;
        let notes = self.notes.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Notes { journal, exchanges, whose, mut findings, made, .. } = notes;
        for violation in evidence.violations(&journal, &exchanges) {
            let of = whose.iter().find(|(id, _)| violation.subject.contains(id.as_str()));
            findings.push(Finding { trial: of.map(|(_, trial)| *trial), violation });
        }
        (made, findings)
    }

    fn lock(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn panicked(trial: u64, panic: &(dyn std::any::Any + Send)) -> Violation {
    let said = panic.downcast_ref::<String>().cloned();
    let said = said.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    let was = said.unwrap_or_else(|| "it panicked".to_owned());
    Violation::new(Invariant::Http, format!("trial {trial}"), "every answer as promised", was)
}

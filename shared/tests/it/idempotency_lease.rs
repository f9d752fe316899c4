//! Idempotency leases, which make calls to other services happen once.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use shared::kit::aws::dynamodb::Table;
use shared::kit::command::Executed;
use shared::kit::command::idempotency_lease;
use shared::kit::command::idempotency_lease::{
    Claim, ClaimOutcome, Lease, LeaseError, Leases, Owner, WorkError,
};
use shared::kit::system::clock::{Clock, SystemEntropy, Timestamp};
use test_support::TestTable;
use test_support::fixture::ManualClock;

const LEASE_DURATION: Duration = Duration::from_secs(30);
const RETENTION: Duration = Duration::from_hours(24);

fn now() -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000)
}

fn claim(fingerprint: &str) -> Claim {
    let (scope, fingerprint) = ("http usr_1 POST /v1/things k".to_owned(), fingerprint.to_owned());
    Claim { scope, fingerprint, term: LEASE_DURATION, retention: RETENTION }
}

fn lease_at(fingerprint: &str, at: Timestamp) -> Lease {
    Lease::new(claim(fingerprint), Owner::generate(&SystemEntropy), at)
}

fn lease(at: Timestamp) -> Lease {
    lease_at("f", at)
}

#[tokio::test]
async fn completed_lease_returns_its_result() {
    let open = TestTable::open().await;
    let table = open.table();
    let (first, second) = (lease(now()), lease(now()));
    assert_eq!(table.claim(&first, now()).await.unwrap(), ClaimOutcome::Held);
    let later = now().saturating_add(Duration::from_millis(10_500));
    let left = Duration::from_millis(19_500);
    assert_eq!(table.claim(&second, later).await.unwrap(), ClaimOutcome::InProgress(left));
    assert!(table.complete(&first, "7").await.unwrap());
    assert!(
        table.complete(&first, "7").await.unwrap(),
        "completing twice succeeds, because the first response may be lost"
    );
    assert!(!table.complete(&first, "8").await.unwrap(), "the stored result does not change");
    assert!(!table.release(&first).await.unwrap());
    let long_after = now().saturating_add(LEASE_DURATION * 100);
    assert_eq!(table.claim(&second, long_after).await.unwrap(), ClaimOutcome::Done("7".to_owned()));
}

#[tokio::test]
async fn repeated_claim_of_the_same_owner_succeeds() {
    let open = TestTable::open().await;
    let (table, mine) = (open.table(), lease(now()));
    for _ in 0..2 {
        assert_eq!(table.claim(&mine, now()).await.unwrap(), ClaimOutcome::Held);
    }
}

#[tokio::test]
async fn expired_lease_is_taken_over_and_its_owner_is_fenced() {
    let open = TestTable::open().await;
    let table = open.table();
    let stale = lease(now());
    table.claim(&stale, now()).await.unwrap();
    let early = now().saturating_add(LEASE_DURATION).saturating_sub(Duration::from_millis(1));
    let waiting = table.claim(&lease(early), early).await.unwrap();
    assert_eq!(waiting, ClaimOutcome::InProgress(Duration::from_millis(1)));
    let late = now().saturating_add(LEASE_DURATION);
    let successor = lease(late);
    assert_eq!(table.claim(&successor, late).await.unwrap(), ClaimOutcome::Held);
    assert!(!table.release(&stale).await.unwrap(), "the stale owner cannot delete its successor's claim");
    assert!(
        !table.complete(&stale, "stale").await.unwrap(),
        "the stale owner cannot complete its successor's claim"
    );
    assert!(table.complete(&successor, "fresh").await.unwrap());
    assert!(
        !table.complete(&stale, "stale").await.unwrap(),
        "the stale owner cannot overwrite its successor's result"
    );
    assert!(!table.release(&stale).await.unwrap(), "the stale owner cannot delete the result");
    assert_eq!(table.claim(&stale, late).await.unwrap(), ClaimOutcome::Done("fresh".to_owned()));
}

#[tokio::test]
async fn late_owner_without_successor_can_complete() {
    let open = TestTable::open().await;
    let (table, late) = (open.table(), lease(now()));
    table.claim(&late, now()).await.unwrap();
    assert!(table.complete(&late, "late").await.unwrap());
}

#[tokio::test]
async fn reused_key_is_refused_in_every_state() {
    let open = TestTable::open().await;
    let (table, mine) = (open.table(), lease(now()));
    let other = |at: Timestamp| lease_at("g", at);
    table.claim(&mine, now()).await.unwrap();
    for at in [now(), now().saturating_add(LEASE_DURATION * 2)] {
        assert_eq!(table.claim(&other(at), at).await.unwrap(), ClaimOutcome::Reused);
    }
    table.complete(&mine, "7").await.unwrap();
    assert_eq!(table.claim(&other(now()), now()).await.unwrap(), ClaimOutcome::Reused);
}

#[tokio::test]
async fn expired_record_not_yet_deleted_is_ignored() {
    let open = TestTable::open().await;
    let expired = now().saturating_add(RETENTION + Duration::from_secs(1));
    for (completed, fingerprint) in [(false, "f"), (false, "g"), (true, "f"), (true, "g")] {
        let mut old = lease(now());
        old.claim.scope = format!("{completed} {fingerprint}");
        let table = open.table();
        table.claim(&old, now()).await.unwrap();
        if completed {
            table.complete(&old, "old").await.unwrap();
        }
        let mut new = lease_at(fingerprint, expired);
        new.claim.scope.clone_from(&old.claim.scope);
        assert_eq!(
            table.claim(&new, expired).await.unwrap(),
            ClaimOutcome::Held,
            "{completed} {fingerprint}"
        );
        assert!(!table.complete(&old, "old").await.unwrap());
        assert!(table.complete(&new, "new").await.unwrap());
        assert_eq!(table.claim(&new, expired).await.unwrap(), ClaimOutcome::Done("new".to_owned()));
    }
}

#[tokio::test]
async fn one_of_twenty_concurrent_claims_succeeds() {
    let open = TestTable::open().await;
    let table = open.table();
    for round in 0..5 {
        let at = now().saturating_add(LEASE_DURATION * round);
        let leases: Vec<Lease> = (0..20).map(|_| lease(at)).collect();
        let standings = join_all(leases.iter().map(|lease| table.claim(lease, at))).await;
        let held = standings.iter().filter(|standing| matches!(standing, Ok(ClaimOutcome::Held))).count();
        let waiting = standings.iter().filter(|standing| matches!(standing, Ok(ClaimOutcome::InProgress(_))));
        assert_eq!((held, waiting.count()), (1, 19), "round {round}");
    }
}

/// Counts its calls, like a service without idempotency keys.
fn charge(effects: &AtomicU32) -> impl Future<Output = Result<u32, WorkError<Infallible>>> + Send {
    std::future::ready(Ok(effects.fetch_add(1, Ordering::SeqCst) + 1))
}

#[tokio::test]
async fn concurrent_calls_have_one_effect_and_one_result() {
    let open = TestTable::open().await;
    let (table, clock, effects) = (open.table(), ManualClock::at(now()), AtomicU32::new(0));
    let ask = || idempotency_lease::once(&table, claim("f"), &clock, &SystemEntropy, |_| charge(&effects));
    let result = join_all((0..20).map(|_| ask())).await;
    let committed = result.iter().filter(|result| matches!(result, Ok(Executed::Committed(1)))).count();
    let others = result.iter().all(|result| matches!(result, Ok(_) | Err(LeaseError::InProgress(_))));
    assert_eq!((committed, others, effects.load(Ordering::SeqCst)), (1, true, 1), "{result:?}");
    assert_eq!(ask().await.unwrap(), Executed::Replayed(1));
}

#[tokio::test]
async fn refusal_releases_the_key_and_unknown_outcome_keeps_it() {
    let open = TestTable::open().await;
    let (table, clock, effects) = (open.table(), ManualClock::at(now()), AtomicU32::new(0));
    let refused = |_| async { Err::<u32, _>(WorkError::Refused("no")) };
    let result = idempotency_lease::once(&table, claim("f"), &clock, &SystemEntropy, refused).await;
    assert!(matches!(result, Err(LeaseError::Refused("no"))), "{result:?}");
    let unknown = |_| async { Err::<u32, _>(WorkError::Unknown("time-out")) };
    let result = idempotency_lease::once(&table, claim("f"), &clock, &SystemEntropy, unknown).await;
    assert!(matches!(result, Err(LeaseError::Unknown("time-out"))), "{result:?}");
    let again = || idempotency_lease::once(&table, claim("f"), &clock, &SystemEntropy, |_| charge(&effects));
    assert!(matches!(again().await, Err(LeaseError::InProgress(LEASE_DURATION))));
    clock.advance(LEASE_DURATION);
    assert_eq!(again().await.unwrap(), Executed::Committed(1));
}

#[tokio::test]
async fn slow_owner_returns_the_result_of_its_successor() {
    let open = TestTable::open().await;
    let (table, clock) = (open.table(), ManualClock::at(now()));
    let keys = std::sync::Mutex::new(Vec::new());
    let record_key = |lease: Lease| keys.lock().unwrap().push(lease.effect_key().to_owned());
    let slow = async |mine: Lease| {
        record_key(mine);
        clock.advance(LEASE_DURATION);
        let quick = async |theirs: Lease| {
            record_key(theirs);
            Ok::<_, WorkError<Infallible>>("the successor's".to_owned())
        };
        let result = idempotency_lease::once(&table, claim("f"), &clock, &SystemEntropy, quick).await;
        assert!(matches!(result, Ok(Executed::Committed(_))), "{result:?}");
        Ok::<_, WorkError<Infallible>>("the stale one's".to_owned())
    };
    let result = idempotency_lease::once(&table, claim("f"), &clock, &SystemEntropy, slow).await.unwrap();
    assert_eq!(result, Executed::Replayed("the successor's".to_owned()));
    let keys = keys.into_inner().unwrap();
    assert_eq!(keys[0], keys[1], "both calls use the same idempotency key");
}

/// Leases of an HTTP operation that calls another service.
mod over_http {
    use axum::Router;
    use axum::extract::State;
    use axum::response::IntoResponse;
    use axum::routing::post;
    use http::StatusCode;
    use serde_json::json;
    use shared::api::{ApiState, Authenticated, LeasedIdempotencyKey, QueryState};
    use shared::kit::auth::access_token::TokenVerifier;
    use shared::kit::auth::hmac_key::HmacKey;
    use shared::kit::error::ApiError;
    use shared::kit::http::response::{IDEMPOTENT_REPLAY, json_response};
    use shared::kit::system::clock::SystemClock;
    use std::sync::Arc;
    use test_support::Marketplace;
    use test_support::fixture::buyer;
    use test_support::lambda_event::{RouterResponse, request_event, send};
    use tokio::sync::Notify;

    use super::*;

    /// State of an operation whose call to another service signals its start and waits for permission to
    /// result.
    #[derive(Clone)]
    struct CallingState {
        app: QueryState,
        table: Table,
        calls: Arc<AtomicU32>,
        called: Arc<Notify>,
        finish: Arc<Notify>,
    }

    impl ApiState for CallingState {
        fn verifier(&self) -> &TokenVerifier {
            &self.app.verifier
        }

        fn mac_key(&self) -> &HmacKey {
            &self.app.mac_key
        }
    }

    async fn create(
        State(state): State<CallingState>,
        Authenticated(_): Authenticated,
        LeasedIdempotencyKey(claim): LeasedIdempotencyKey,
    ) -> Result<axum::response::Response, ApiError> {
        let call = async |_| {
            let call = state.calls.fetch_add(1, Ordering::SeqCst) + 1;
            state.called.notify_one();
            state.finish.notified().await;
            Ok::<u32, WorkError<Infallible>>(call)
        };
        let done = idempotency_lease::once(&state.table, claim, &SystemClock, &SystemEntropy, call).await?;
        let replay = done.is_replayed().then_some([(IDEMPOTENT_REPLAY, "true")]);
        Ok((replay, json_response(StatusCode::CREATED, &json!({ "call": done.into_output() })))
            .into_response())
    }

    #[tokio::test]
    async fn concurrent_requests_conflict_until_the_first_is_replayed() {
        let marketplace = Marketplace::with_sample_data().await;
        let state = CallingState {
            app: QueryState::new(&marketplace.env("api-orders"), marketplace.reader.clone()).unwrap(),
            table: marketplace.table.table(),
            calls: Arc::default(),
            called: Arc::default(),
            finish: Arc::default(),
        };
        let router = Router::new().route("/v1/things", post(create)).with_state(state.clone());
        let token = marketplace.token(buyer());
        let ask = async |key: Option<&str>, body: u32| -> RouterResponse {
            let authorization = ("authorization", token.as_str());
            let headers: Vec<_> = [Some(authorization), key.map(|key| ("idempotency-key", key))]
                .into_iter()
                .flatten()
                .collect();
            send(&router, &request_event("POST", "/v1/things", &headers, Some(&json!(body)))).await
        };
        let others = async {
            state.called.notified().await;
            let answers = join_all((0..19).map(|_| ask(Some("k"), 1))).await;
            let reused = ask(Some("k"), 2).await;
            state.finish.notify_one();
            (answers, reused)
        };
        let (first, (others, reused)) = futures::future::join(ask(Some("k"), 1), others).await;
        assert_eq!((first.status, first.json()), (StatusCode::CREATED, json!({ "call": 1 })));
        for other in others {
            assert_eq!(other.error(), (409, "IDEMPOTENCY_IN_PROGRESS"));
            let wait: u64 = other.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=30).contains(&wait), "{wait}");
        }
        assert_eq!(reused.error(), (422, "IDEMPOTENCY_KEY_REUSED"));
        let again = ask(Some("k"), 1).await;
        assert_eq!((again.status, &again.bytes), (StatusCode::CREATED, &first.bytes));
        assert_eq!(again.header("idempotent-replay").unwrap(), "true");
        assert_eq!(ask(None, 1).await.code(), "IDEMPOTENCY_KEY_REQUIRED");
        assert_eq!(state.calls.load(Ordering::SeqCst), 1);
    }
}

/// Step of one of three workers.
#[derive(Debug, Clone, Copy)]
enum Step {
    Claim { worker: usize, content: usize },
    Complete(usize),
    Release(usize),
    AdvanceClock(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..3_usize, 0..5_usize).prop_map(|(worker, n)| Step::Claim { worker, content: n / 4 }),
        3 => (0..3_usize).prop_map(Step::Complete),
        1 => (0..3_usize).prop_map(Step::Release),
        2 => prop_oneof![Just(1), Just(15), Just(30), Just(31), Just(86_400)].prop_map(Step::AdvanceClock),
    ];
    proptest::collection::vec(step, 1..30)
}

/// Claim of a worker, identified by the step at which it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct WorkerClaim {
    worker: usize,
    step: u64,
}

/// Holder of the key, and the content that it claimed the key for.
#[derive(Debug, Clone)]
struct Holder {
    by: WorkerClaim,
    content: &'static str,
    until: Timestamp,
}

/// Reference model of the record under the key.
#[derive(Debug, Clone, Default)]
struct Model {
    holder: Option<Holder>,
    answer: Option<String>,
    expires_at: Option<Timestamp>,
}

impl Model {
    fn claim(&mut self, by: WorkerClaim, content: &'static str, at: Timestamp) -> ClaimOutcome {
        if self.expires_at.is_some_and(|expires| expires.as_seconds() < at.as_seconds()) {
            *self = Self::default();
        }
        match &self.holder {
            Some(holder) if holder.content != content => ClaimOutcome::Reused,
            Some(_) if self.answer.is_some() => ClaimOutcome::Done(self.answer.clone().unwrap()),
            Some(holder) if holder.until > at => ClaimOutcome::InProgress(holder.until.duration_since(at)),
            _ => {
                let (until, expires) = (at.saturating_add(LEASE_DURATION), at.saturating_add(RETENTION));
                *self = Self {
                    holder: Some(Holder { by, content, until }),
                    answer: None,
                    expires_at: Some(expires),
                };
                ClaimOutcome::Held
            }
        }
    }

    fn holds(&self, by: WorkerClaim) -> bool {
        self.holder.as_ref().is_some_and(|holder| holder.by == by)
    }

    fn complete(&mut self, by: WorkerClaim, answer: &str) -> bool {
        let free = self.answer.as_deref().is_none_or(|known| known == answer);
        let done = self.holds(by) && free;
        if done {
            self.answer = Some(answer.to_owned());
        }
        done
    }

    fn release(&mut self, by: WorkerClaim) -> bool {
        let done = self.holds(by) && self.answer.is_none();
        if done {
            *self = Self::default();
        }
        done
    }
}

/// Executes steps on the table and on the model; both must agree after each.
async fn run_steps(table: &Table, scope: String, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let (clock, mut model) = (ManualClock::at(now()), Model::default());
    // The last claim of each worker, successful or not.
    let mut last: [Option<(Lease, WorkerClaim)>; 3] = [const { None }; 3];
    for (number, step) in (0_u64..).zip(steps) {
        match step {
            Step::Claim { worker, content } => {
                let content = ["f", "g"][content];
                let mut lease = lease_at(content, clock.now());
                lease.claim.scope.clone_from(&scope);
                let actual = table.claim(&lease, clock.now()).await.unwrap();
                let by = WorkerClaim { worker, step: number };
                last[worker] = Some((lease, by));
                prop_assert_eq!(actual, model.claim(by, content, clock.now()));
            }
            Step::Complete(worker) => {
                let Some((lease, by)) = &last[worker] else { continue };
                let answer = format!("{worker} {}", by.step);
                let actual = table.complete(lease, &answer).await.unwrap();
                prop_assert_eq!(actual, model.complete(*by, &answer));
            }
            Step::Release(worker) => {
                let Some((lease, by)) = &last[worker] else { continue };
                prop_assert_eq!(table.release(lease).await.unwrap(), model.release(*by));
            }
            Step::AdvanceClock(seconds) => clock.advance(Duration::from_secs(seconds)),
        }
    }
    Ok(())
}

#[test]
fn key_has_one_owner_and_one_result_in_any_interleaving() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let open = runtime.block_on(TestTable::open());
    let (table, runs) = (open.table(), AtomicU32::new(0));
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&steps(), |steps| {
        let run = runs.fetch_add(1, Ordering::SeqCst);
        runtime.block_on(run_steps(&table, format!("run {run}"), steps))
    });
    outcome.unwrap();
    assert!(runs.load(Ordering::SeqCst) >= 300);
}

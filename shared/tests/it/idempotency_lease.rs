//! Effects outside the table, brought about once: leases on keys.

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
    Claim, Lease, LeaseError, Leases, Owner, Standing, Unanswered,
};
use shared::kit::system::clock::{Clock, SystemEntropy, Timestamp};
use test_support::TestTable;
use test_support::fixture::ManualClock;

const TERM: Duration = Duration::from_secs(30);
const RETENTION: Duration = Duration::from_hours(24);

fn now() -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000)
}

fn claim(fingerprint: &str) -> Claim {
    let (scope, fingerprint) = ("http usr_1 POST /v1/things k".to_owned(), fingerprint.to_owned());
    Claim { scope, fingerprint, term: TERM, retention: RETENTION }
}

fn lease_at(fingerprint: &str, at: Timestamp) -> Lease {
    Lease::new(claim(fingerprint), Owner::generate(&SystemEntropy), at)
}

fn lease(at: Timestamp) -> Lease {
    lease_at("f", at)
}

#[tokio::test]
async fn a_key_is_held_then_answered_and_its_answer_is_given_again() {
    let open = TestTable::open().await;
    let table = open.table();
    let (first, second) = (lease(now()), lease(now()));
    assert_eq!(table.claim(&first, now()).await.unwrap(), Standing::Held);
    let later = now().saturating_add(Duration::from_millis(10_500));
    let left = Duration::from_millis(19_500);
    assert_eq!(table.claim(&second, later).await.unwrap(), Standing::InProgress(left));
    assert!(table.complete(&first, "7").await.unwrap());
    assert!(table.complete(&first, "7").await.unwrap(), "said twice, for its answer may be lost");
    assert!(!table.complete(&first, "8").await.unwrap(), "an answer is for good");
    assert!(!table.release(&first).await.unwrap());
    let long_after = now().saturating_add(TERM * 100);
    assert_eq!(table.claim(&second, long_after).await.unwrap(), Standing::Done("7".to_owned()));
}

#[tokio::test]
async fn a_claim_whose_answer_was_lost_is_still_ones_own() {
    let open = TestTable::open().await;
    let (table, mine) = (open.table(), lease(now()));
    for _ in 0..2 {
        assert_eq!(table.claim(&mine, now()).await.unwrap(), Standing::Held);
    }
}

#[tokio::test]
async fn after_the_deadline_the_next_one_takes_over_and_the_stale_one_changes_nothing() {
    let open = TestTable::open().await;
    let table = open.table();
    let stale = lease(now());
    table.claim(&stale, now()).await.unwrap();
    let early = now().saturating_add(TERM).saturating_sub(Duration::from_millis(1));
    let waiting = table.claim(&lease(early), early).await.unwrap();
    assert_eq!(waiting, Standing::InProgress(Duration::from_millis(1)));
    let late = now().saturating_add(TERM);
    let successor = lease(late);
    assert_eq!(table.claim(&successor, late).await.unwrap(), Standing::Held);
    assert!(!table.release(&stale).await.unwrap(), "it cannot delete its successor's claim");
    assert!(!table.complete(&stale, "stale").await.unwrap(), "nor answer in its place");
    assert!(table.complete(&successor, "fresh").await.unwrap());
    assert!(!table.complete(&stale, "stale").await.unwrap(), "nor overwrite its answer");
    assert!(!table.release(&stale).await.unwrap(), "nor delete it");
    assert_eq!(table.claim(&stale, late).await.unwrap(), Standing::Done("fresh".to_owned()));
}

#[tokio::test]
async fn a_late_holder_whom_nobody_succeeded_still_answers() {
    let open = TestTable::open().await;
    let (table, late) = (open.table(), lease(now()));
    table.claim(&late, now()).await.unwrap();
    assert!(table.complete(&late, "late").await.unwrap());
}

#[tokio::test]
async fn the_same_key_for_other_content_is_refused_in_every_state() {
    let open = TestTable::open().await;
    let (table, mine) = (open.table(), lease(now()));
    let other = |at: Timestamp| lease_at("g", at);
    table.claim(&mine, now()).await.unwrap();
    for at in [now(), now().saturating_add(TERM * 2)] {
        assert_eq!(table.claim(&other(at), at).await.unwrap(), Standing::Reused);
    }
    table.complete(&mine, "7").await.unwrap();
    assert_eq!(table.claim(&other(now()), now()).await.unwrap(), Standing::Reused);
}

#[tokio::test]
async fn what_has_expired_and_is_not_deleted_yet_changes_no_outcome() {
    let open = TestTable::open().await;
    let expired = now().saturating_add(RETENTION + Duration::from_secs(1));
    for (answered, fingerprint) in [(false, "f"), (false, "g"), (true, "f"), (true, "g")] {
        let mut old = lease(now());
        old.claim.scope = format!("{answered} {fingerprint}");
        let table = open.table();
        table.claim(&old, now()).await.unwrap();
        if answered {
            table.complete(&old, "old").await.unwrap();
        }
        let mut new = lease_at(fingerprint, expired);
        new.claim.scope.clone_from(&old.claim.scope);
        assert_eq!(table.claim(&new, expired).await.unwrap(), Standing::Held, "{answered} {fingerprint}");
        assert!(!table.complete(&old, "old").await.unwrap());
        assert!(table.complete(&new, "new").await.unwrap());
        assert_eq!(table.claim(&new, expired).await.unwrap(), Standing::Done("new".to_owned()));
    }
}

#[tokio::test]
async fn of_twenty_claimants_at_once_one_holds_and_of_twenty_successors_too() {
    let open = TestTable::open().await;
    let table = open.table();
    for round in 0..5 {
        let at = now().saturating_add(TERM * round);
        let leases: Vec<Lease> = (0..20).map(|_| lease(at)).collect();
        let standings = join_all(leases.iter().map(|lease| table.claim(lease, at))).await;
        let held = standings.iter().filter(|standing| matches!(standing, Ok(Standing::Held))).count();
        let waiting = standings.iter().filter(|standing| matches!(standing, Ok(Standing::InProgress(_))));
        assert_eq!((held, waiting.count()), (1, 19), "round {round}");
    }
}

/// Counts its effects, as a service does that knows no keys.
fn charge(effects: &AtomicU32) -> impl Future<Output = Result<u32, Unanswered<Infallible>>> + Send {
    std::future::ready(Ok(effects.fetch_add(1, Ordering::SeqCst) + 1))
}

#[tokio::test]
async fn work_is_done_once_however_many_ask_and_its_answer_is_everybodys() {
    let open = TestTable::open().await;
    let (table, clock, effects) = (open.table(), ManualClock::at(now()), AtomicU32::new(0));
    let ask = || idempotency_lease::once(&table, claim("f"), (&clock, &SystemEntropy), |_| charge(&effects));
    let ended = join_all((0..20).map(|_| ask())).await;
    let committed = ended.iter().filter(|end| matches!(end, Ok(Executed::Committed(1)))).count();
    let others = ended.iter().all(|end| matches!(end, Ok(_) | Err(LeaseError::InProgress(_))));
    assert_eq!((committed, others, effects.load(Ordering::SeqCst)), (1, true, 1), "{ended:?}");
    assert_eq!(ask().await.unwrap(), Executed::Replayed(1));
}

#[tokio::test]
async fn refused_work_frees_its_key_and_work_of_unknown_end_keeps_it_until_the_deadline() {
    let open = TestTable::open().await;
    let (table, clock, effects) = (open.table(), ManualClock::at(now()), AtomicU32::new(0));
    let chance = (&clock, &SystemEntropy);
    let refused = |_| async { Err::<u32, _>(Unanswered::Refused("no")) };
    let ended = idempotency_lease::once(&table, claim("f"), chance, refused).await;
    assert!(matches!(ended, Err(LeaseError::Refused("no"))), "{ended:?}");
    let unknown = |_| async { Err::<u32, _>(Unanswered::Unknown("time-out")) };
    let ended = idempotency_lease::once(&table, claim("f"), chance, unknown).await;
    assert!(matches!(ended, Err(LeaseError::Unknown("time-out"))), "{ended:?}");
    let again = || idempotency_lease::once(&table, claim("f"), chance, |_| charge(&effects));
    assert!(matches!(again().await, Err(LeaseError::InProgress(TERM))));
    clock.advance(TERM);
    assert_eq!(again().await.unwrap(), Executed::Committed(1));
}

#[tokio::test]
async fn who_was_too_slow_gives_the_answer_of_the_successor() {
    let open = TestTable::open().await;
    let (table, clock) = (open.table(), ManualClock::at(now()));
    let chance = (&clock, &SystemEntropy);
    let keys = std::sync::Mutex::new(Vec::new());
    let note = |lease: Lease| keys.lock().unwrap().push(lease.effect_key().to_owned());
    let slow = async |mine: Lease| {
        note(mine);
        clock.advance(TERM);
        let quick = async |theirs: Lease| {
            note(theirs);
            Ok::<_, Unanswered<Infallible>>("the successor's".to_owned())
        };
        let ended = idempotency_lease::once(&table, claim("f"), chance, quick).await;
        assert!(matches!(ended, Ok(Executed::Committed(_))), "{ended:?}");
        Ok::<_, Unanswered<Infallible>>("the stale one's".to_owned())
    };
    let ended = idempotency_lease::once(&table, claim("f"), chance, slow).await.unwrap();
    assert_eq!(ended, Executed::Replayed("the successor's".to_owned()));
    let keys = keys.into_inner().unwrap();
    assert_eq!(keys[0], keys[1], "the other service knows both by one key");
}

/// What the first operation that calls another service is like, over HTTP.
mod over_http {
    use axum::Router;
    use axum::extract::State;
    use axum::response::IntoResponse;
    use axum::routing::post;
    use http::StatusCode;
    use serde_json::json;
    use shared::api::{ApiState, AppState, Authenticated, LeasedIdempotencyKey};
    use shared::kit::auth::access_token::TokenVerifier;
    use shared::kit::auth::hmac_key::HmacKey;
    use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore};
    use shared::kit::error::ApiError;
    use shared::kit::http::response::{IDEMPOTENT_REPLAY, json_response};
    use shared::kit::system::clock::SystemClock;
    use std::sync::Arc;
    use test_support::Marketplace;
    use test_support::fixture::buyer;
    use test_support::lambda_event::{Answer, of_request, send};
    use tokio::sync::Notify;

    use super::*;

    /// A service that says when it is called, and answers when it is let.
    #[derive(Clone)]
    struct Calling {
        app: AppState<DynamoStore, DynamoReader>,
        table: Table,
        calls: Arc<AtomicU32>,
        called: Arc<Notify>,
        answer: Arc<Notify>,
    }

    impl ApiState for Calling {
        fn verifier(&self) -> &TokenVerifier {
            &self.app.verifier
        }

        fn seal(&self) -> &HmacKey {
            &self.app.seal
        }
    }

    async fn create(
        State(state): State<Calling>,
        Authenticated(_): Authenticated,
        LeasedIdempotencyKey(claim): LeasedIdempotencyKey,
    ) -> Result<axum::response::Response, ApiError> {
        let call = async |_| {
            let call = state.calls.fetch_add(1, Ordering::SeqCst) + 1;
            state.called.notify_one();
            state.answer.notified().await;
            Ok::<u32, Unanswered<Infallible>>(call)
        };
        let done = idempotency_lease::once(&state.table, claim, (&SystemClock, &SystemEntropy), call).await?;
        let replay = done.is_replayed().then_some([(IDEMPOTENT_REPLAY, "true")]);
        Ok((replay, json_response(StatusCode::CREATED, &json!({ "call": done.into_output() })))
            .into_response())
    }

    #[tokio::test]
    async fn a_request_that_calls_out_is_in_progress_for_others_and_then_replayed() {
        let scene = Marketplace::open().await;
        let state = Calling {
            app: AppState::new(&scene.env("api-orders"), scene.store.clone(), scene.reader.clone()).unwrap(),
            table: scene.table.table(),
            calls: Arc::default(),
            called: Arc::default(),
            answer: Arc::default(),
        };
        let router = Router::new().route("/v1/things", post(create)).with_state(state.clone());
        let token = scene.token(buyer());
        let ask = async |key: Option<&str>, body: u32| -> Answer {
            let authorization = ("authorization", token.as_str());
            let headers: Vec<_> = [Some(authorization), key.map(|key| ("idempotency-key", key))]
                .into_iter()
                .flatten()
                .collect();
            send(&router, &of_request("POST", "/v1/things", &headers, Some(&json!(body)))).await
        };
        let others = async {
            state.called.notified().await;
            let answers = join_all((0..19).map(|_| ask(Some("k"), 1))).await;
            let reused = ask(Some("k"), 2).await;
            state.answer.notify_one();
            (answers, reused)
        };
        let (first, (others, reused)) = futures::future::join(ask(Some("k"), 1), others).await;
        assert_eq!((first.status, first.json()), (StatusCode::CREATED, json!({ "call": 1 })));
        for other in others {
            assert_eq!((other.status.as_u16(), other.code().as_str()), (409, "IDEMPOTENCY_IN_PROGRESS"));
            let wait: u64 = other.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=30).contains(&wait), "{wait}");
        }
        assert_eq!((reused.status.as_u16(), reused.code().as_str()), (422, "IDEMPOTENCY_KEY_REUSED"));
        let again = ask(Some("k"), 1).await;
        assert_eq!((again.status, &again.bytes), (StatusCode::CREATED, &first.bytes));
        assert_eq!(again.header("idempotent-replay").unwrap(), "true");
        assert_eq!(ask(None, 1).await.code(), "IDEMPOTENCY_KEY_REQUIRED");
        assert_eq!(state.calls.load(Ordering::SeqCst), 1);
    }
}

/// What one of three workers does next.
#[derive(Debug, Clone, Copy)]
enum Step {
    Claim { worker: usize, content: usize },
    Complete(usize),
    Release(usize),
    Pass(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..3_usize, 0..5_usize).prop_map(|(worker, n)| Step::Claim { worker, content: n / 4 }),
        3 => (0..3_usize).prop_map(Step::Complete),
        1 => (0..3_usize).prop_map(Step::Release),
        2 => prop_oneof![Just(1), Just(15), Just(30), Just(31), Just(86_400)].prop_map(Step::Pass),
    ];
    proptest::collection::vec(step, 1..30)
}

/// What must be under the key, as a person would say it.
#[derive(Debug, Clone, Default)]
struct Model {
    holder: Option<(usize, u64, &'static str, Timestamp)>,
    answer: Option<String>,
    expires_at: Option<Timestamp>,
}

impl Model {
    fn claim(&mut self, by: (usize, u64), content: &'static str, at: Timestamp) -> Standing {
        if self.expires_at.is_some_and(|expires| expires.as_seconds() < at.as_seconds()) {
            *self = Self::default();
        }
        match &self.holder {
            Some((.., known, _)) if *known != content => Standing::Reused,
            Some(_) if self.answer.is_some() => Standing::Done(self.answer.clone().unwrap()),
            Some((.., until)) if *until > at => Standing::InProgress(until.duration_since(at)),
            _ => {
                let (until, expires) = (at.saturating_add(TERM), at.saturating_add(RETENTION));
                *self = Self {
                    holder: Some((by.0, by.1, content, until)),
                    answer: None,
                    expires_at: Some(expires),
                };
                Standing::Held
            }
        }
    }

    fn holds(&self, by: (usize, u64)) -> bool {
        self.holder.is_some_and(|(worker, turn, ..)| (worker, turn) == by)
    }

    fn complete(&mut self, by: (usize, u64), answer: &str) -> bool {
        let free = self.answer.as_deref().is_none_or(|known| known == answer);
        let done = self.holds(by) && free;
        if done {
            self.answer = Some(answer.to_owned());
        }
        done
    }

    fn release(&mut self, by: (usize, u64)) -> bool {
        let done = self.holds(by) && self.answer.is_none();
        if done {
            *self = Self::default();
        }
        done
    }
}

/// Goes one way of steps on the table and on the model; both must say the same at each.
async fn walk(table: &Table, scope: String, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let (clock, mut model) = (ManualClock::at(now()), Model::default());
    // Each worker's last claim, whatever came of it, and which turn of theirs it was.
    let mut last: [Option<(Lease, u64)>; 3] = [const { None }; 3];
    for (turn, step) in (0_u64..).zip(steps) {
        match step {
            Step::Claim { worker, content } => {
                let content = ["f", "g"][content];
                let mut lease = lease_at(content, clock.now());
                lease.claim.scope.clone_from(&scope);
                let said = table.claim(&lease, clock.now()).await.unwrap();
                last[worker] = Some((lease, turn));
                prop_assert_eq!(said, model.claim((worker, turn), content, clock.now()));
            }
            Step::Complete(worker) => {
                let Some((lease, turn)) = &last[worker] else { continue };
                let answer = format!("{worker} {turn}");
                let said = table.complete(lease, &answer).await.unwrap();
                prop_assert_eq!(said, model.complete((worker, *turn), &answer));
            }
            Step::Release(worker) => {
                let Some((lease, turn)) = &last[worker] else { continue };
                prop_assert_eq!(table.release(lease).await.unwrap(), model.release((worker, *turn)));
            }
            Step::Pass(seconds) => clock.advance(Duration::from_secs(seconds)),
        }
    }
    Ok(())
}

#[test]
fn on_any_way_of_three_workers_a_key_has_one_holder_and_one_answer() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let open = runtime.block_on(TestTable::open());
    let (table, ways) = (open.table(), AtomicU32::new(0));
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    let walked = TestRunner::new(config).run(&steps(), |steps| {
        let way = ways.fetch_add(1, Ordering::SeqCst);
        runtime.block_on(walk(&table, format!("way {way}"), steps))
    });
    walked.unwrap();
    assert!(ways.load(Ordering::SeqCst) >= 300);
}

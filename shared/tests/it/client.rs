//! Calls to a service that fails, in virtual time.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::Value;
use shared::kit::resilience::breaker::BreakerConfig;
use shared::kit::resilience::http_client::{
    CallError, ServiceClient, ServiceRequest, ServiceResponse, Timeouts, Transport,
};
use shared::kit::resilience::retry::Backoff;
use shared::kit::system::clock::{Clock, Entropy, Timestamp};
use test_support::fixture::{ManualClock, cause};

use crate::fixture::moment;

const PATIENCE: Timeouts = Timeouts {
    attempt: Duration::from_secs(4),
    total: Duration::from_secs(9),
    backoff: Backoff::new(Duration::from_millis(200), Duration::from_secs(2), 3),
};
const REST: Duration = Duration::from_secs(4);
const RULES: BreakerConfig =
    BreakerConfig { window: Duration::from_secs(10), min_calls: 5, failure_rate_percent: 50, open_for: REST };

/// How the service takes a call.
#[derive(Debug, Clone, Copy)]
enum Takes {
    Answers(StatusCode),
    Repeats(StatusCode),
    AsksToWait(Duration),
    Refuses,
    Hangs,
}

/// A service that takes each call as its script says, and then as at the end of the script.
#[derive(Debug, Clone)]
struct Service {
    clock: ManualClock,
    script: Arc<Mutex<VecDeque<Takes>>>,
    calls: Arc<Mutex<Vec<Timestamp>>>,
}

impl Service {
    fn told(script: impl IntoIterator<Item = Takes>) -> Self {
        let script = Arc::new(Mutex::new(script.into_iter().collect()));
        Self { clock: ManualClock::at(moment()), script, calls: Arc::default() }
    }

    fn tell(&self, takes: Takes) {
        *self.script.lock().unwrap() = VecDeque::from([takes]);
    }

    fn calls(&self) -> usize {
        self.calls.lock().unwrap().len()
    }

    fn client(&self, seed: u64) -> ServiceClient<Self, ManualClock, Dice> {
        ServiceClient::at("service", self.clone(), PATIENCE, RULES, (self.clock.clone(), Dice::of(seed)))
    }
}

impl Transport for Service {
    async fn send(&self, _: &ServiceRequest<'_>) -> Result<ServiceResponse, CallError> {
        self.calls.lock().unwrap().push(self.clock.now());
        let takes = {
            let mut script = self.script.lock().unwrap();
            if script.len() > 1 { script.pop_front() } else { script.front().copied() }
        };
        let replayed = matches!(takes, Some(Takes::Repeats(_)));
        let (status, retry_after) = match takes.unwrap() {
            Takes::Answers(status) | Takes::Repeats(status) => (status, None),
            Takes::AsksToWait(wait) => (StatusCode::TOO_MANY_REQUESTS, Some(wait)),
            Takes::Refuses => return Err(CallError::ConnectFailed),
            Takes::Hangs => return pending().await,
        };
        Ok(ServiceResponse { status, retry_after, replayed, body: Value::Null })
    }
}

/// Chance from a seed.
#[derive(Debug, Clone)]
struct Dice(Arc<AtomicU64>);

impl Dice {
    fn of(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed)))
    }
}

impl Entropy for Dice {
    /// Steele et al., "Fast splittable pseudorandom number generators".
    fn random(&self) -> u128 {
        let step = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
        let mixed = (step ^ (step >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u128::from(mixed ^ (mixed >> 31))
    }
}

/// Asks something of the service; with a key, it is safe to repeat.
async fn ask(
    client: &ServiceClient<Service, ManualClock, Dice>,
    key: Option<&str>,
) -> Result<StatusCode, CallError> {
    let cause = cause(moment());
    let call = ServiceRequest {
        method: Method::POST,
        path: "/v1/things".to_owned(),
        form: Vec::new(),
        idempotency_key: key.map(str::to_owned),
        correlation_id: &cause.correlation_id,
    };
    client.call(&call).await.map(|answer| answer.status)
}

#[tokio::test]
async fn a_failure_that_is_repeated_from_memory_does_not_keep_the_breaker_open() {
    let service = Service::told([Takes::Answers(StatusCode::INTERNAL_SERVER_ERROR)]);
    let client = service.client(1);
    while client.resting().is_none() {
        assert_eq!(ask(&client, Some("k1")).await, Ok(StatusCode::INTERNAL_SERVER_ERROR));
    }
    service.tell(Takes::Repeats(StatusCode::INTERNAL_SERVER_ERROR));
    service.clock.advance(REST);
    assert_eq!(ask(&client, Some("k1")).await, Ok(StatusCode::INTERNAL_SERVER_ERROR), "the probe");
    assert_eq!(client.resting(), None, "who repeats it is well");
    for _ in 0..20 {
        assert_eq!(ask(&client, Some("k1")).await, Ok(StatusCode::INTERNAL_SERVER_ERROR));
    }
    assert_eq!(client.resting(), None);
}

#[tokio::test]
async fn only_what_can_be_repeated_safely_is() {
    for (key, calls) in [(Some("k1"), 2), (None, 1)] {
        let service = Service::told([Takes::Refuses, Takes::Answers(StatusCode::OK)]);
        let ended = ask(&service.client(1), key).await;
        assert_eq!((ended.is_ok(), service.calls()), (key.is_some(), calls), "{key:?}");
    }
}

#[tokio::test]
async fn an_answer_that_will_be_repeated_is_not_asked_for_again() {
    for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::PAYMENT_REQUIRED, StatusCode::BAD_REQUEST] {
        let service = Service::told([Takes::Answers(status)]);
        assert_eq!(ask(&service.client(1), Some("k1")).await, Ok(status));
        assert_eq!(service.calls(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_service_that_asks_to_wait_is_waited_for_unless_that_takes_too_long() {
    for (seconds, calls) in [(3, 2), (60, 1)] {
        let wait = Duration::from_secs(seconds);
        let service = Service::told([Takes::AsksToWait(wait), Takes::Answers(StatusCode::OK)]);
        let ended = ask(&service.client(1), Some("k1")).await;
        assert_eq!(ended.unwrap() == StatusCode::OK, calls == 2);
        assert_eq!(service.calls(), calls);
        let apart = service.clock.now().duration_since(moment());
        assert_eq!(apart >= wait, calls == 2, "{apart:?}");
    }
}

#[tokio::test]
async fn all_attempts_together_end_at_the_deadline() {
    let service = Service::told([Takes::Hangs]);
    assert_eq!(ask(&service.client(1), Some("k1")).await, Err(CallError::TimedOut));
    assert!(service.clock.now().duration_since(moment()) <= PATIENCE.total);
    assert!((2..=3).contains(&service.calls()), "{}", service.calls());
}

#[tokio::test]
async fn cards_that_are_declined_and_calls_that_are_too_many_open_nothing() {
    for status in [StatusCode::PAYMENT_REQUIRED, StatusCode::TOO_MANY_REQUESTS, StatusCode::NOT_FOUND] {
        let service = Service::told([Takes::Answers(status)]);
        let client = service.client(1);
        for _ in 0..50 {
            assert_eq!(ask(&client, None).await, Ok(status));
        }
        assert_eq!((service.calls(), client.resting()), (50, None), "{status}");
    }
}

#[tokio::test]
async fn a_retry_that_is_refused_leaves_the_answer_as_it_was() {
    let service = Service::told([Takes::Answers(StatusCode::SERVICE_UNAVAILABLE)]);
    let client = service.client(1);
    let mut ended = Vec::new();
    for _ in 0..4 {
        ended.push(ask(&client, Some("k1")).await);
    }
    // Three retries in reserve: the second call makes the failures five, and ends as it began.
    assert_eq!(ended[..2], [Ok(StatusCode::SERVICE_UNAVAILABLE); 2]);
    assert!(ended[2..].iter().all(|refused| matches!(refused, Err(CallError::Resting(_)))), "{ended:?}");
    assert_eq!(service.calls(), 5);
}

/// What an outage of a minute looked like.
#[derive(Debug)]
struct Outage {
    offered: usize,
    calls: usize,
    recovered_in: Duration,
}

/// Somebody calls every hundred milliseconds or so, before, during and after.
async fn outage(dead: Takes, seed: u64) -> Outage {
    let service = Service::told([Takes::Answers(StatusCode::OK)]);
    let (client, dice) = (service.client(seed), Dice::of(!seed));
    for _ in 0..200 {
        service.clock.advance(dice.jitter(Duration::from_millis(100)));
        assert_eq!(ask(&client, Some("before")).await, Ok(StatusCode::OK));
    }
    service.tell(dead);
    let (before, until) = (service.calls(), service.clock.now().saturating_add(Duration::from_mins(1)));
    let mut offered = 0;
    while service.clock.now() < until {
        service.clock.advance(dice.jitter(Duration::from_millis(100)));
        assert!(ask(&client, Some("during")).await != Ok(StatusCode::OK));
        offered += 1;
    }
    let calls = service.calls() - before;
    service.tell(Takes::Answers(StatusCode::OK));
    while ask(&client, Some("after")).await != Ok(StatusCode::OK) {
        service.clock.advance(dice.jitter(Duration::from_millis(100)));
    }
    Outage { offered, calls, recovered_in: service.clock.now().duration_since(until) }
}

#[tokio::test]
async fn figures_of_a_service_that_is_dead_for_a_minute_under_load() {
    let (mut trials, mut worst) = (0, Duration::ZERO);
    let mut most = 0;
    for dead in [Takes::Refuses, Takes::Answers(StatusCode::SERVICE_UNAVAILABLE), Takes::Hangs] {
        for seed in 0..30 {
            let outage = outage(dead, seed).await;
            let context = format!("{dead:?}, seed {seed}: {outage:?}");
            assert!(outage.calls * 10 <= outage.offered * 11, "{context}");
            // What it takes to see that half of ten seconds' calls failed, and then one for each rest.
            assert!(outage.calls <= 150, "{context}");
            assert!(outage.recovered_in <= Duration::from_secs(10), "{context}");
            (trials, worst, most) = (trials + 1, worst.max(outage.recovered_in), most.max(outage.calls));
        }
    }
    println!(
        "dead for a minute under load: {trials} trials, at most {most} calls, back within {worst:?}, 0 violations"
    );
}

//! Calls to a failing service, in virtual time.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use http::{Method, StatusCode};
use serde_json::Value;
use shared::kit::resilience::breaker::BreakerConfig;
use shared::kit::resilience::http_client::{
    CallError, ServiceClient, ServiceRequest, ServiceResponse, Timeouts, Transport,
};
use shared::kit::resilience::retry::Backoff;
use shared::kit::system::clock::{Clock, Entropy, Timestamp};
use test_support::fixture::{ManualClock, test_context};

use crate::fixture::moment;

const TIMEOUTS: Timeouts = Timeouts {
    attempt: Duration::from_secs(4),
    total: Duration::from_secs(9),
    backoff: Backoff::new(Duration::from_millis(200), Duration::from_secs(2), 3),
};
const OPEN_DURATION: Duration = Duration::from_secs(4);
const BREAKER_CONFIG: BreakerConfig = BreakerConfig {
    window: Duration::from_secs(10),
    min_calls: 5,
    failure_rate_percent: 50,
    open_for: OPEN_DURATION,
};

/// Scripted reaction of the service to a call.
#[derive(Debug, Clone, Copy)]
enum Reaction {
    Respond(StatusCode),
    Replay(StatusCode),
    Throttle(Duration),
    RefuseConnection,
    Hang,
}

/// Service that follows a script and repeats its last entry.
#[derive(Debug, Clone)]
struct ScriptedService {
    clock: ManualClock,
    script: Arc<Mutex<VecDeque<Reaction>>>,
    calls: Arc<Mutex<Vec<Timestamp>>>,
}

impl ScriptedService {
    fn new(script: impl IntoIterator<Item = Reaction>) -> Self {
        let script = Arc::new(Mutex::new(script.into_iter().collect()));
        Self { clock: ManualClock::at(moment()), script, calls: Arc::default() }
    }

    fn set_reaction(&self, reaction: Reaction) {
        *self.script.lock().unwrap() = VecDeque::from([reaction]);
    }

    fn calls(&self) -> usize {
        self.calls.lock().unwrap().len()
    }

    fn client(&self, seed: u64) -> ServiceClient<Self, ManualClock, SeededEntropy> {
        ServiceClient::with_clock(
            "service",
            self.clone(),
            TIMEOUTS,
            BREAKER_CONFIG,
            self.clock.clone(),
            SeededEntropy::new(seed),
        )
    }
}

impl Transport for ScriptedService {
    async fn send(&self, _: &ServiceRequest<'_>) -> Result<ServiceResponse, CallError> {
        self.calls.lock().unwrap().push(self.clock.now());
        let reaction = {
            let mut script = self.script.lock().unwrap();
            if script.len() > 1 { script.pop_front() } else { script.front().copied() }
        };
        let replayed = matches!(reaction, Some(Reaction::Replay(_)));
        let (status, retry_after) = match reaction.unwrap() {
            Reaction::Respond(status) | Reaction::Replay(status) => (status, None),
            Reaction::Throttle(wait) => (StatusCode::TOO_MANY_REQUESTS, Some(wait)),
            Reaction::RefuseConnection => return Err(CallError::ConnectFailed),
            Reaction::Hang => return pending().await,
        };
        Ok(ServiceResponse { status, retry_after, replayed, body: Value::Null })
    }
}

/// Deterministic entropy from a seed.
#[derive(Debug, Clone)]
struct SeededEntropy(Arc<Mutex<Rng>>);

impl SeededEntropy {
    fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Rng::with_seed(seed))))
    }
}

impl Entropy for SeededEntropy {
    fn random(&self) -> u128 {
        self.0.lock().unwrap().u128(..)
    }
}

/// Calls the service. With an idempotency key, the call may be retried.
async fn call(
    client: &ServiceClient<ScriptedService, ManualClock, SeededEntropy>,
    key: Option<&str>,
) -> Result<StatusCode, CallError> {
    let context = test_context(moment());
    let request = ServiceRequest {
        method: Method::POST,
        path: "/v1/things".to_owned(),
        form: Vec::new(),
        idempotency_key: key.map(str::to_owned),
        correlation_id: &context.correlation_id,
    };
    client.call(&request).await.map(|response| response.status)
}

#[tokio::test]
async fn replayed_failure_does_not_keep_the_breaker_open() {
    let service = ScriptedService::new([Reaction::Respond(StatusCode::INTERNAL_SERVER_ERROR)]);
    let client = service.client(1);
    while client.open_remaining().is_none() {
        assert_eq!(call(&client, Some("k1")).await, Ok(StatusCode::INTERNAL_SERVER_ERROR));
    }
    service.set_reaction(Reaction::Replay(StatusCode::INTERNAL_SERVER_ERROR));
    service.clock.advance(OPEN_DURATION);
    assert_eq!(call(&client, Some("k1")).await, Ok(StatusCode::INTERNAL_SERVER_ERROR), "the probe");
    assert_eq!(client.open_remaining(), None, "a service that replays a failure is healthy");
    for _ in 0..20 {
        assert_eq!(call(&client, Some("k1")).await, Ok(StatusCode::INTERNAL_SERVER_ERROR));
    }
    assert_eq!(client.open_remaining(), None);
}

#[tokio::test]
async fn only_calls_with_a_key_are_retried() {
    for (key, calls) in [(Some("k1"), 2), (None, 1)] {
        let service = ScriptedService::new([Reaction::RefuseConnection, Reaction::Respond(StatusCode::OK)]);
        let result = call(&service.client(1), key).await;
        assert_eq!((result.is_ok(), service.calls()), (key.is_some(), calls), "{key:?}");
    }
}

#[tokio::test]
async fn replayable_responses_are_not_retried() {
    for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::PAYMENT_REQUIRED, StatusCode::BAD_REQUEST] {
        let service = ScriptedService::new([Reaction::Respond(status)]);
        assert_eq!(call(&service.client(1), Some("k1")).await, Ok(status));
        assert_eq!(service.calls(), 1, "{status}");
    }
}

#[tokio::test]
async fn retry_after_is_respected_unless_it_is_too_long() {
    for (seconds, calls) in [(3, 2), (60, 1)] {
        let wait = Duration::from_secs(seconds);
        let service = ScriptedService::new([Reaction::Throttle(wait), Reaction::Respond(StatusCode::OK)]);
        let result = call(&service.client(1), Some("k1")).await;
        assert_eq!(result.unwrap() == StatusCode::OK, calls == 2);
        assert_eq!(service.calls(), calls);
        let elapsed = service.clock.now().duration_since(moment());
        assert_eq!(elapsed >= wait, calls == 2, "{elapsed:?}");
    }
}

#[tokio::test]
async fn all_attempts_end_at_the_deadline() {
    let service = ScriptedService::new([Reaction::Hang]);
    assert_eq!(call(&service.client(1), Some("k1")).await, Err(CallError::TimedOut));
    assert!(service.clock.now().duration_since(moment()) <= TIMEOUTS.total);
    assert!((2..=3).contains(&service.calls()), "{}", service.calls());
}

#[tokio::test]
async fn client_errors_do_not_open_the_breaker() {
    for status in [StatusCode::PAYMENT_REQUIRED, StatusCode::TOO_MANY_REQUESTS, StatusCode::NOT_FOUND] {
        let service = ScriptedService::new([Reaction::Respond(status)]);
        let client = service.client(1);
        for _ in 0..50 {
            assert_eq!(call(&client, None).await, Ok(status));
        }
        assert_eq!((service.calls(), client.open_remaining()), (50, None), "{status}");
    }
}

#[tokio::test]
async fn refused_retry_keeps_the_response() {
    let service = ScriptedService::new([Reaction::Respond(StatusCode::SERVICE_UNAVAILABLE)]);
    let client = service.client(1);
    let mut results = Vec::new();
    for _ in 0..4 {
        results.push(call(&client, Some("k1")).await);
    }
    // The retry budget allows three retries: the second call causes the fifth failure and is not retried.
    assert_eq!(results[..2], [Ok(StatusCode::SERVICE_UNAVAILABLE); 2]);
    assert!(
        results[2..].iter().all(|refused| matches!(refused, Err(CallError::CircuitOpen(_)))),
        "{results:?}"
    );
    assert_eq!(service.calls(), 5);
}

/// Measurements of an outage of one minute.
#[derive(Debug)]
struct Outage {
    offered: usize,
    calls: usize,
    recovered_in: Duration,
}

/// Calls the service about every hundred milliseconds before, during and after an outage.
async fn outage(failure: Reaction, seed: u64) -> Outage {
    let service = ScriptedService::new([Reaction::Respond(StatusCode::OK)]);
    let (client, entropy) = (service.client(seed), SeededEntropy::new(!seed));
    for _ in 0..200 {
        service.clock.advance(entropy.jitter(Duration::from_millis(100)));
        assert_eq!(call(&client, Some("before")).await, Ok(StatusCode::OK));
    }
    service.set_reaction(failure);
    let (before, until) = (service.calls(), service.clock.now().saturating_add(Duration::from_mins(1)));
    let mut offered = 0;
    while service.clock.now() < until {
        service.clock.advance(entropy.jitter(Duration::from_millis(100)));
        assert!(call(&client, Some("during")).await != Ok(StatusCode::OK));
        offered += 1;
    }
    let calls = service.calls() - before;
    service.set_reaction(Reaction::Respond(StatusCode::OK));
    while call(&client, Some("after")).await != Ok(StatusCode::OK) {
        service.clock.advance(entropy.jitter(Duration::from_millis(100)));
    }
    Outage { offered, calls, recovered_in: service.clock.now().duration_since(until) }
}

#[tokio::test]
async fn breaker_limits_calls_during_a_one_minute_outage() {
    let (mut trials, mut worst) = (0, Duration::ZERO);
    let mut most = 0;
    for failure in
        [Reaction::RefuseConnection, Reaction::Respond(StatusCode::SERVICE_UNAVAILABLE), Reaction::Hang]
    {
        for seed in 0..30 {
            let outage = outage(failure, seed).await;
            let context = format!("{failure:?}, seed {seed}: {outage:?}");
            assert!(outage.calls * 10 <= outage.offered * 11, "{context}");
            // Calls until half of the calls of ten seconds have failed, and then one probe per open period.
            assert!(outage.calls <= 150, "{context}");
            assert!(outage.recovered_in <= Duration::from_secs(10), "{context}");
            (trials, worst, most) = (trials + 1, worst.max(outage.recovered_in), most.max(outage.calls));
        }
    }
    println!(
        "one-minute outage: {trials} trials, at most {most} calls, recovered in {worst:?}, 0 violations"
    );
}

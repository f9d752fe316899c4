//! Export to an OTLP collector that does not respond, and export at shutdown.

use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use local::faults::{Fault, Rule, Service};
use shared::kit::telemetry::otlp::{COOLDOWN, EXPORT_TIMEOUT};
use test_support::app::{WAIT_TIMEOUT, eventually};
use test_support::collector::CollectorMode;
use test_support::{Collector, TestApp};

const USERS: &str = "api-users";

async fn start_with(collector: &Collector) -> TestApp {
    let endpoint = collector.endpoint();
    TestApp::start_with(|builder| builder.parameter("OtlpEndpoint", endpoint).instances(1)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_collector_delays_an_instance_once_and_gets_the_rest() {
    let collector = Collector::open().await;
    let app = start_with(&collector).await;
    let ada = app.register("ada").await;
    let get = || app.request(Method::GET, "/v1/users/me").by(&ada).send();
    assert_eq!(get().await.status, StatusCode::OK);
    let exported = || async { requests(&collector, USERS).first().cloned() };
    eventually("the first request is exported", exported).await;

    collector.set_mode(CollectorMode::Unresponsive);
    let started = Instant::now();
    for _ in 0..20 {
        assert_eq!(get().await.status, StatusCode::OK);
    }
    // One export timeout, not twenty, with a margin for a busy machine.
    let elapsed = started.elapsed();
    assert!(elapsed < EXPORT_TIMEOUT * 10 && elapsed < COOLDOWN, "20 requests took {elapsed:?}");
    let failure = "failed to export spans";
    let lines = app.stack().logs().lines(USERS);
    assert_eq!(lines.iter().filter(|line| line.contains(failure)).count(), 1, "one attempt, then a cooldown");
    assert_eq!(requests(&collector, USERS).len(), 1);

    collector.set_mode(CollectorMode::Accepting);
    // A deployment shuts instances down, and they flush their spans.
    app.stack().deploy(&app.stack().parameters()).await.unwrap();
    assert_eq!(requests(&collector, USERS).len(), 21);
    let shut_down = r#""inTime":true"#;
    assert!(app.stack().logs().lines(USERS).iter().any(|line| line.contains(shut_down)));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_flight_request_is_finished_and_exported_on_shutdown() {
    let collector = Collector::open().await;
    let app = start_with(&collector).await;
    let ada = app.register("ada").await;
    let slow = Fault::Delay(Duration::from_millis(300));
    let delayed = app.stack().faults().inject(Rule::new(USERS, slow).service(Service::DynamoDb));
    let url = format!("{}/v1/users/me", app.stack().url());
    let request = reqwest::Client::new().get(url).bearer_auth(&ada.token).send();
    let shut_down = async {
        assert!(delayed.wait_until_triggered(WAIT_TIMEOUT).await);
        app.stack().host().shutdown().await;
    };
    // The client gets no response, but the request is processed.
    let (_, ()) = tokio::join!(request, shut_down);
    assert_eq!(requests(&collector, USERS), ["GET /v1/users/me"]);
    let finished = [r#""status":200"#, r#""inTime":true"#];
    for part in finished {
        assert!(app.stack().logs().wait_for(USERS, part, WAIT_TIMEOUT).await.is_some(), "{part}");
    }
}

/// Names of the requests whose spans a function exported.
fn requests(collector: &Collector, function: &str) -> Vec<String> {
    let spans = collector.spans().into_iter();
    spans.filter(|span| span.service == function && span.kind == "Server").map(|span| span.name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_collector_no_spans_are_recorded() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    assert_eq!(app.request(Method::GET, "/v1/users/me").by(&ada).send().await.status, StatusCode::OK);
    app.wait_until_idle().await;
    let logs = app.stack().logs().lines(USERS).join("\n");
    assert!(!logs.contains("collector"), "{logs}");
}

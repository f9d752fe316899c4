//! What a collector costs that does not answer, and what it gets in the end.

use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use local::faults::{Fault, Rule, Service};
use shared::kit::telemetry::otlp::{COOLDOWN, EXPORT_TIMEOUT};
use test_support::app::{WAIT_TIMEOUT as HARNESS_PATIENCE, eventually};
use test_support::collector::CollectorMode;
use test_support::{Collector, TestApp};

const USERS: &str = "api-users";

async fn watched(collector: &Collector) -> TestApp {
    let endpoint = collector.endpoint();
    TestApp::open_with(|builder| builder.parameter("OtlpEndpoint", endpoint).instances(1)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_says_nothing_holds_an_instance_up_once_and_gets_what_is_left_in_the_end() {
    let collector = Collector::open().await;
    let shop = watched(&collector).await;
    let ada = shop.customer("ada").await;
    let look = || shop.ask(Method::GET, "/v1/users/me").by(&ada).send();
    assert_eq!(look().await.status, StatusCode::OK);
    let first = || async { requests(&collector, USERS).first().cloned() };
    eventually("the first request was told of", first).await;

    collector.be(CollectorMode::Silent);
    let began = Instant::now();
    for _ in 0..20 {
        assert_eq!(look().await.status, StatusCode::OK);
    }
    // One wait, not twenty; the rest is what requests take on a machine that does other things as well.
    let took = began.elapsed();
    assert!(took < EXPORT_TIMEOUT * 10 && took < COOLDOWN, "20 requests took {took:?}");
    let refusal = "the collector did not take spans";
    let lines = shop.stack().logs().lines(USERS);
    assert_eq!(lines.iter().filter(|line| line.contains(refusal)).count(), 1, "asked once, then left alone");
    assert_eq!(requests(&collector, USERS).len(), 1);

    collector.be(CollectorMode::Well);
    // As a deployment does: instances are told to end, and say what they have left.
    shop.stack().deploy(&shop.stack().parameters()).await.unwrap();
    assert_eq!(requests(&collector, USERS).len(), 21);
    let ended = r#""inTime":true"#;
    assert!(shop.stack().logs().lines(USERS).iter().any(|line| line.contains(ended)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_when_the_end_is_announced_is_finished_and_told() {
    let collector = Collector::open().await;
    let shop = watched(&collector).await;
    let ada = shop.customer("ada").await;
    let slow = Fault::Delay(Duration::from_millis(300));
    let late = shop.stack().faults().inject(Rule::new(USERS, slow).service(Service::DynamoDb));
    let url = format!("{}/v1/users/me", shop.stack().url());
    let ask = reqwest::Client::new().get(url).bearer_auth(&ada.token).send();
    let end = async {
        assert!(late.wait_until_triggered(HARNESS_PATIENCE).await);
        shop.stack().host().shutdown().await;
    };
    // The client is not answered any more, but what it asked for is done.
    let (_, ()) = tokio::join!(ask, end);
    assert_eq!(requests(&collector, USERS), ["GET /v1/users/me"]);
    let finished = [r#""status":200"#, r#""inTime":true"#];
    for part in finished {
        assert!(shop.stack().logs().wait_for(USERS, part, HARNESS_PATIENCE).await.is_some(), "{part}");
    }
}

/// The requests that a function told the collector of.
fn requests(collector: &Collector, function: &str) -> Vec<String> {
    let spans = collector.spans().into_iter();
    spans.filter(|span| span.service == function && span.kind == "Server").map(|span| span.name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_collects_and_nothing_is_recorded_or_sent() {
    let shop = TestApp::open().await;
    let ada = shop.customer("ada").await;
    assert_eq!(shop.ask(Method::GET, "/v1/users/me").by(&ada).send().await.status, StatusCode::OK);
    shop.wait_until_idle().await;
    let logs = shop.stack().logs().lines(USERS).join("\n");
    assert!(!logs.contains("collector"), "{logs}");
}

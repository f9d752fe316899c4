//! Log lines and metrics of retries.

use http::{Method, StatusCode};
use local::faults::{Fault, Rule, Service};
use serde_json::Value;
use stripe_sandbox::{Effect, Operation, Rule as GatewayRule};
use test_support::TestApp;
use test_support::app::eventually;

/// Waits until a function has logged this number of retries, and returns the log lines.
async fn retries(app: &TestApp, function: &str, count: usize) -> Vec<Value> {
    let logged = || async {
        let lines = app.stack().logs().lines(function);
        let parsed = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let retries: Vec<_> = parsed.filter(|line| line["message"] == "retrying call").collect();
        (retries.len() >= count).then_some(retries)
    };
    let retries = eventually(&format!("{count} retries of {function} are logged"), logged).await;
    assert_eq!(retries.len(), count, "{retries:?}");
    retries
}

/// Waits until this sample of the retry metric is served.
async fn wait_for_metric(app: &TestApp, labels: [&str; 3], value: u32) {
    let [dependency, function, reason] = labels;
    let sample = format!(
        r#"agora_retries_total{{dependency="{dependency}",function="{function}",reason="{reason}",stage="local"}} {value}"#
    );
    let served = || async {
        let text = reqwest::get(app.stack().metrics_endpoint()).await.unwrap().text().await.unwrap();
        text.contains(&sample).then_some(())
    };
    eventually(&sample, served).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_retry_is_logged_and_counted() {
    let app = TestApp::start_with(|builder| builder.parameter("LogLevel", "debug").instances(1)).await;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 10).await;
    // Only reads fail, because the update of the rate limit is retried only once.
    let reads = |fault| Rule::new("api-users", fault).service(Service::DynamoDb).operation("BatchGetItem");
    let fails = reads(Fault::unavailable()).times(2);
    app.stack().faults().inject(fails);
    let shown = app.request(Method::GET, "/v1/users/me").by(&buyer).send().await;
    assert_eq!(shown.status, StatusCode::OK);
    let logged = retries(&app, "api-users", 2).await;
    for (line, attempt) in logged.iter().zip([2, 3]) {
        assert_eq!((&line["level"], &line["attempt"]), (&"DEBUG".into(), &attempt.into()), "{line}");
        assert_eq!((&line["dependency"], &line["reason"]), (&"DynamoDB".into(), &"server_error".into()));
        assert!(line["operation"].is_string() && line["delayMs"].is_u64(), "{line}");
        assert!(line["requestId"].is_string(), "{line}");
    }
    wait_for_metric(&app, ["DynamoDB", "api-users", "server_error"], 2).await;

    // DynamoDB responds to a throttled call with the status of an invalid one.
    let throttled = reads(Fault::throttled()).times(1);
    app.stack().faults().inject(throttled);
    let shown = app.request(Method::GET, "/v1/users/me").by(&buyer).send().await;
    assert_eq!(shown.status, StatusCode::OK);
    assert_eq!(retries(&app, "api-users", 3).await[2]["reason"], "throttled");
    wait_for_metric(&app, ["DynamoDB", "api-users", "throttled"], 1).await;

    app.stack()
        .payments()
        .add_fault_rule(GatewayRule::on(Operation::Any, Effect::Fail { status: 503 }).times(1));
    let placed = app.order(&buyer, "k1", &product, 1, Some("pm_card_visa")).await;
    let order = placed.data(StatusCode::CREATED)["id"].as_str().unwrap().to_owned();
    app.wait_for_order(&buyer, &order, &["confirmed"]).await;
    let logged = retries(&app, "queue-fulfilment", 1).await;
    assert_eq!(
        (&logged[0]["dependency"], &logged[0]["operation"]),
        (&"payment-gateway".into(), &"POST".into())
    );
    wait_for_metric(&app, ["payment-gateway", "queue-fulfilment", "server_error"], 1).await;
}

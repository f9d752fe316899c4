//! Connections of an instance to the services that it calls.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use local::faults::{Call, Fault, Rule, Service};
use serde_json::json;
use shared::kit::aws::ATTEMPT_TIMEOUT;
use test_support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn instance_keeps_one_connection_per_service() {
    let app = TestApp::start_with(|builder| builder.instances(1)).await;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 100).await;
    for n in 0..5 {
        let placed = app.order(&buyer, &format!("k{n}"), &product, 1, Some("pm_card_visa")).await;
        let order = placed.data(StatusCode::CREATED)["id"].as_str().unwrap().to_owned();
        app.wait_for_order(&buyer, &order, &["confirmed"]).await;
    }
    let market = app.request(Method::GET, "/v1/markets").by(&seller).send().await.json();
    let report = json!({ "type": "sales_report", "params": { "marketId": market["data"][0]["id"] } });
    let job = app.request(Method::POST, "/v1/jobs").by(&seller).key("job").json(&report).send().await;
    assert_eq!(job.status, StatusCode::ACCEPTED, "{}", job.text);
    app.wait_until_idle().await;

    let mut calls_and_connections = BTreeMap::<(String, u64, Service), (usize, u64)>::new();
    for call in app.stack().faults().calls() {
        let entry = calls_and_connections.entry((call.function, call.instance, call.service)).or_default();
        *entry = (entry.0 + 1, entry.1.max(call.connection));
    }
    // Not `queue-emails`, which sends the e-mails to the buyer and to the seller concurrently.
    for function in ["api-orders", "queue-fulfilment", "stream-outbox-relay"] {
        let of_function = calls_and_connections.iter().filter(|((name, ..), _)| name == function);
        let (calls, connections): (Vec<usize>, Vec<u64>) = of_function.map(|(_, counted)| *counted).unzip();
        assert!(calls.iter().sum::<usize>() >= 10, "{function} made {calls:?} calls");
        assert!(connections.iter().all(|count| *count == 1), "{function} opened {connections:?} connections");
    }
    // Concurrent calls need a connection each, which later calls use again.
    let more: Vec<_> =
        calls_and_connections.iter().filter(|(_, (_, connections))| *connections > 4).collect();
    assert!(more.is_empty(), "more connections than concurrent calls: {more:#?}");
}

/// Calls of a function to a service, oldest first.
fn calls(app: &TestApp, function: &str, service: Service) -> Vec<Call> {
    let calls = app.stack().faults().calls_of(function);
    calls.into_iter().filter(|call| call.service == service).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_connection_costs_at_most_the_attempt_timeout() {
    let app = TestApp::start_with(|builder| builder.instances(1)).await;
    let ada = app.register("ada").await;
    let show = || async { app.request(Method::GET, "/v1/users/me").by(&ada).send().await.status };
    assert_eq!(show().await, StatusCode::OK);
    for (fault, least) in [(Fault::Vanish, ATTEMPT_TIMEOUT), (Fault::DropResponse, Duration::ZERO)] {
        let used = calls(&app, "api-users", Service::DynamoDb).last().unwrap().connection;
        let rule = Rule::new("api-users", fault.clone()).service(Service::DynamoDb);
        let injected = app.stack().faults().inject(rule);
        let started = Instant::now();
        assert_eq!(show().await, StatusCode::OK, "{fault:?}");
        let (took, most) = (started.elapsed(), least + Duration::from_secs(2));
        assert_eq!(injected.trigger_count(), 1);
        assert!(took >= least && took < most, "{fault:?} took {took:?}");
        let retried = calls(&app, "api-users", Service::DynamoDb).last().unwrap().connection;
        assert!(retried > used, "{fault:?}: connection {retried} was used before");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn charge_survives_a_gateway_that_vanished() {
    let app = TestApp::start_with(|builder| builder.instances(1)).await;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 100).await;
    for (key, fault) in [("k1", None), ("k2", Some(Fault::Vanish))] {
        let rule = |fault| Rule::new("queue-fulfilment", fault).service(Service::Payments);
        let injected = fault.map(|fault| app.stack().faults().inject(rule(fault)));
        let placed = app.order(&buyer, key, &product, 1, Some("pm_card_visa")).await;
        let order = placed.data(StatusCode::CREATED)["id"].as_str().unwrap().to_owned();
        app.wait_for_order(&buyer, &order, &["confirmed"]).await;
        assert_eq!(app.stack().payments().ledger().captures_of(&order).len(), 1);
        assert!(injected.is_none_or(|injected| injected.trigger_count() == 1));
    }
    let connections: Vec<u64> =
        calls(&app, "queue-fulfilment", Service::Payments).iter().map(|call| call.connection).collect();
    assert_eq!(connections, [1, 1, 2], "the retry uses a new connection");
}

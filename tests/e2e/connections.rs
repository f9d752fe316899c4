//! Connections of an instance to the services that it calls.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use local::faults::Service;
use serde_json::json;
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
    for function in ["api-orders", "queue-fulfilment", "queue-emails", "stream-outbox-relay"] {
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

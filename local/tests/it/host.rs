use futures::future::join_all;
use local::services::lambda::{InvokeError, Phase};
use serde_json::json;

use super::{API, SOON, get, probes};

#[tokio::test(flavor = "multi_thread")]
async fn instance_is_reused_and_more_start_under_load() {
    let (builder, _folder) = probes(API);
    let stack = builder.instances(3).start().await.unwrap();
    for _ in 0..5 {
        assert_eq!(get(&stack, "/fine").await.status, 200);
    }
    assert_eq!(stack.stats()["api-probe"].cold_starts, 1);
    let responses = join_all((0..9).map(|_| get(&stack, "/slow"))).await;
    assert!(responses.iter().all(|response| response.status == 200));
    let stats = stack.stats()["api-probe"];
    assert_eq!((stats.instances, stats.invocations), (3, 14));
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_function_is_restarted_by_the_next_request() {
    let (builder, _folder) = probes(API);
    let stack = builder.start().await.unwrap();
    assert_eq!(get(&stack, "/fine").await.status, 200);
    assert_eq!(stack.kill("api-probe").await, 1);
    assert_eq!(get(&stack, "/fine").await.status, 200);
    let stats = stack.stats()["api-probe"];
    assert_eq!((stats.cold_starts, stats.crashes), (2, 0));
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn function_environment_is_isolated() {
    let (builder, _folder) = probes(API);
    let stack = builder.start().await.unwrap();
    let output = stack.invoke("api-probe", &json!({ "rawPath": "/env" })).await.unwrap();
    assert_eq!(output["memory"], "512");
    let names: Vec<_> =
        output["names"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    for expected in ["PROBE_TABLE", "AWS_REGION", "AWS_ENDPOINT_URL_SQS", "AWS_LAMBDA_FUNCTION_NAME"] {
        assert!(names.contains(&expected), "{expected}");
    }
    assert!(!names.contains(&"CARGO_MANIFEST_DIR"));
    assert!(!names.contains(&"HOME"));
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_starts_are_reported_with_their_cause() {
    let failing = API.replace("PROBE_TABLE:", "PROBE_FAILS_TO_START: 1, PROBE_TABLE:");
    let (builder, folder) = probes(&failing);
    let stack = builder.start().await.unwrap();
    let error = stack.invoke("api-probe", &json!({})).await.unwrap_err();
    assert!(matches!(error, InvokeError::Crashed { phase: Phase::Init, .. }), "{error}");
    let line = stack.logs().wait_for("api-probe", "PROBE_FAILS_TO_START is set", SOON).await;
    assert!(line.is_some(), "{:?}", stack.logs().lines("api-probe"));

    std::fs::remove_file(folder.0.join("api-probe")).unwrap();
    let error = stack.invoke("api-probe", &json!({})).await.unwrap_err();
    assert!(matches!(&error, InvokeError::Start { path, .. } if path.ends_with("api-probe")), "{error}");
    let error = stack.invoke("api-nothing", &json!({})).await.unwrap_err();
    assert!(matches!(error, InvokeError::Unknown(_)));
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn invocation_after_shutdown_fails() {
    let (builder, _folder) = probes(API);
    let stack = builder.start().await.unwrap();
    assert_eq!(get(&stack, "/fine").await.status, 200);
    let host = std::sync::Arc::clone(stack.host());
    stack.shutdown().await.unwrap();
    let invocation = local::services::lambda::Invocation::new("{}");
    assert!(matches!(host.invoke("api-probe", invocation).await, Err(InvokeError::Stopped)));
    assert_eq!(host.stats()["api-probe"].instances, 0);
}

//! Order of the middleware, observed with requests that break several rules at once: the response is that of the
//! outermost layer that refuses.

use http::{Method, StatusCode};
use serde_json::Value;
use shared::domain::user::Role;
use test_support::TestApp;
use test_support::app::{TestResponse, WAIT_TIMEOUT};

/// Path of a list that requires a permission, with an unknown value of a filter.
const PATH: &str = "/v1/dead-letters?status=unknown";

/// Sends a body above the limit of 256 KiB, which the API description does not foresee for `GET`.
async fn with_large_body(app: &TestApp, accept: &str) -> TestResponse {
    let request = reqwest::Client::new().get(format!("{}{PATH}", app.stack().url()));
    let response = request.header("accept", accept).body(vec![b' '; 300 * 1024]).send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    TestResponse { status, headers, text: response.text().await.unwrap() }
}

/// Checks that the response is rendered and logged once, and returns its status and code.
async fn outcome(app: &TestApp, response: TestResponse) -> (u16, String) {
    let body = response.json();
    let id = response.headers["x-request-id"].to_str().unwrap();
    assert_eq!(body["instance"], id, "the error is rendered within the layer of the request id");
    let logs = app.stack().logs();
    assert!(logs.wait_for("api-jobs", id, WAIT_TIMEOUT).await.is_some(), "the request is logged");
    let lines =
        logs.lines("api-jobs").into_iter().filter_map(|line| serde_json::from_str::<Value>(&line).ok());
    let access: Vec<Value> =
        lines.filter(|line| line["requestId"] == id && line["message"] == "request").collect();
    let code = body["error"]["code"].as_str().unwrap().to_owned();
    assert_eq!(access.len(), 1, "{access:?}");
    assert_eq!(access[0]["code"], code, "the access log is outside of the layer that refuses");
    (response.status.as_u16(), code)
}

fn expected(status: StatusCode, code: &str) -> (u16, String) {
    (status.as_u16(), code.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn outermost_layer_that_refuses_determines_the_response() {
    let app = TestApp::start_with(|builder| builder.parameter("ReadLimit", "1")).await;
    let customer = app.register("ada").await;
    let moderator = app.user_with_role("mod", Role::Moderator).await;
    let get = || app.request(Method::GET, PATH);

    let not_acceptable = expected(StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE");
    assert_eq!(outcome(&app, with_large_body(&app, "image/png").await).await, not_acceptable);
    let too_large = expected(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE");
    let response = with_large_body(&app, "application/json").await;
    assert_eq!(outcome(&app, response).await, too_large, "the body limit follows Accept");
    let unauthenticated = expected(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
    assert_eq!(
        outcome(&app, get().send().await).await,
        unauthenticated,
        "the refusals so far are not counted"
    );
    let limited = expected(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED");
    assert_eq!(outcome(&app, get().send().await).await, limited, "the rate limit precedes authentication");
    let forbidden = expected(StatusCode::FORBIDDEN, "FORBIDDEN");
    let response = get().by(&customer).send().await;
    assert_eq!(outcome(&app, response).await, forbidden, "authorization precedes validation");
    let response = get().by(&customer).send().await;
    assert_eq!(outcome(&app, response).await, limited, "the rate limit precedes authorization");
    let invalid = expected(StatusCode::BAD_REQUEST, "VALIDATION_ERROR");
    assert_eq!(outcome(&app, get().by(&moderator).send().await).await, invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn rendered_errors_are_compressed() {
    let app = TestApp::start().await;
    let unknown: serde_json::Map<String, Value> = (0..60).map(|n| (format!("field{n}"), n.into())).collect();
    let request = reqwest::Client::new().post(format!("{}/v1/auth/register", app.stack().url()));
    let request = request.header("accept-encoding", "gzip").json(&unknown);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert!(response.headers().contains_key("x-request-id"));
}

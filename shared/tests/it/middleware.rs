//! The HTTP edge around a router of its own.

use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use serde_json::json;
use shared::kit::error::{ApiError, ErrorCode};
use shared::kit::http::{ApiResponse, RequestInfo};
use shared::kit::resilience::breaker::CircuitOpen;
use shared::kit::resilience::http_client::CallError;
use test_support::lambda_event::{of_request, send};

/// A cause that says more than callers should hear.
#[derive(Debug, thiserror::Error)]
#[error("the password of the table is hunter2")]
struct Secret;

/// A service that is left alone.
const RESTING: CircuitOpen = CircuitOpen { back_in: Duration::from_millis(3_200) };

fn router() -> Router {
    Router::new()
        .route("/panics", get(panics))
        .route("/fails", get(|| async { Err::<ApiResponse<()>, _>(ApiError::internal(Secret)) }))
        .route("/waits", get(|| async { Err::<ApiResponse<()>, _>(ApiError::unavailable(Secret)) }))
        .route(
            "/rests",
            get(|| async { Err::<ApiResponse<()>, _>(ApiError::from(CallError::Resting(RESTING))) }),
        )
        .route(
            "/refuses",
            get(|| async { Err::<ApiResponse<()>, _>(ApiError::new(ErrorCode::Conflict, "not now")) }),
        )
        .route("/facts", get(facts))
        .route("/reads", post(|body: String| async move { ApiResponse::ok(body.len()) }))
}

#[expect(clippy::panic, reason = "this is what is tested")]
async fn panics() -> ApiResponse<()> {
    panic!("hunter2")
}

async fn facts(axum::Extension(facts): axum::Extension<RequestInfo>) -> ApiResponse<serde_json::Value> {
    ApiResponse::ok(json!({ "id": facts.id, "correlationId": facts.correlation_id }))
}

#[tokio::test]
async fn a_panic_and_an_unexpected_error_are_answered_alike_with_the_request_id_and_nothing_else() {
    for path in ["/panics", "/fails"] {
        let headers = [("x-correlation-id", "checkout-7")];
        let answer = send(&router(), &of_request("GET", path, &headers, None)).await;
        assert_eq!(answer.status, 500, "{path}");
        let words = "something went wrong; quote the request id when you report it";
        let expected = json!({
            "type": "about:blank",
            "title": "Internal Server Error",
            "status": 500,
            "detail": words,
            "instance": "JKJaXmPLvHcESHA=",
            "error": { "code": "INTERNAL_ERROR", "message": words },
        });
        assert_eq!(answer.json(), expected, "{path}");
        assert_eq!(answer.header("x-request-id").unwrap(), "JKJaXmPLvHcESHA=");
        assert_eq!(answer.header("x-correlation-id").unwrap(), "checkout-7");
        assert!(!format!("{answer:?}").contains("hunter2"), "{path}");
    }
}

#[tokio::test]
async fn a_router_answers_after_a_panic_as_before() {
    let router = router();
    assert_eq!(send(&router, &of_request("GET", "/panics", &[], None)).await.status, 500);
    assert_eq!(send(&router, &of_request("GET", "/facts", &[], None)).await.status, 200);
}

#[tokio::test]
async fn what_is_not_available_says_when_to_try_again() {
    let answer = send(&router(), &of_request("GET", "/waits", &[], None)).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "SERVICE_UNAVAILABLE"));
    assert_eq!(answer.header("retry-after").unwrap(), "1");
    assert!(!format!("{answer:?}").contains("hunter2"));
}

#[tokio::test]
async fn what_waits_for_another_service_says_when_that_is_asked_again() {
    let answer = send(&router(), &of_request("GET", "/rests", &[], None)).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "SERVICE_UNAVAILABLE"));
    assert_eq!(answer.header("retry-after").unwrap(), "4");
}

#[tokio::test]
async fn a_refusal_keeps_its_words() {
    let answer = send(&router(), &of_request("GET", "/refuses", &[], None)).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (409, "CONFLICT"));
    assert_eq!(answer.json()["error"], json!({ "code": "CONFLICT", "message": "not now" }));
    assert_eq!(answer.header("retry-after"), None);
}

#[tokio::test]
async fn a_request_without_an_id_of_the_gateways_is_given_one() {
    for id in [json!(null), json!(""), json!("two words"), json!("x".repeat(200))] {
        let mut event = of_request("GET", "/facts", &[], None);
        event["requestContext"]["requestId"] = id.clone();
        let answer = send(&router(), &event).await;
        let given = answer.header("x-request-id").unwrap();
        assert_eq!(given.len(), 32, "{id}");
        assert!(given.bytes().all(|byte| byte.is_ascii_hexdigit()), "{given}");
        assert_eq!(answer.header("x-correlation-id").unwrap(), given);
        assert_eq!(answer.json()["data"], json!({ "id": given, "correlationId": given }));
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_read_whatever_reads_it() {
    let mut event = of_request("POST", "/reads", &[], Some(&json!(null)));
    event["body"] = json!("x".repeat(256 * 1024));
    let fits = send(&router(), &event).await;
    assert_eq!((fits.status.as_u16(), &fits.json()["data"]), (200, &json!(262_144)));
    event["body"] = json!("x".repeat(256 * 1024 + 1));
    let over = send(&router(), &event).await;
    assert_eq!((over.status.as_u16(), over.code().as_str()), (413, "PAYLOAD_TOO_LARGE"));
}

#[tokio::test]
async fn what_is_answered_is_not_kept_unless_the_handler_allows_it() {
    let kept = Router::new()
        .route("/kept", get(|| async { ApiResponse::ok(json!(1)).cache_control("public, max-age=5") }))
        .merge(router());
    for (path, expected) in [("/kept", "public, max-age=5"), ("/facts", "no-store"), ("/nowhere", "no-store")]
    {
        let answer = send(&kept, &of_request("GET", path, &[], None)).await;
        assert_eq!(answer.header("cache-control").unwrap(), expected, "{path}");
    }
}

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_accept_it() {
    let long = "x".repeat(4_096);
    let router = Router::new().route("/long", get(move || async move { ApiResponse::ok(long) }));
    let plain = send(&router, &of_request("GET", "/long", &[], None)).await;
    assert!(plain.bytes.len() > 4_096 && plain.header("content-encoding").is_none());
    let accepted = of_request("GET", "/long", &[("accept-encoding", "gzip")], None);
    let packed = send(&router, &accepted).await;
    assert_eq!(packed.header("content-encoding").as_deref(), Some("gzip"));
    assert!(packed.bytes.len() < 512, "{}", packed.bytes.len());
}

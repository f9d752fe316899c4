//! The HTTP middleware around a test router.

use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use serde_json::json;
use shared::kit::error::{ApiError, ErrorCode};
use shared::kit::http::{ApiResponse, RequestInfo};
use shared::kit::resilience::breaker::CircuitOpen;
use shared::kit::resilience::http_client::CallError;
use test_support::lambda_event::{request_event, send};

/// Error with a text that must not be exposed.
#[derive(Debug, thiserror::Error)]
#[error("the password of the table is hunter2")]
struct Secret;

/// Open circuit of a service.
const OPEN_CIRCUIT: CircuitOpen = CircuitOpen { retry_after: Duration::from_millis(3_200) };

fn router() -> Router {
    Router::new()
        .route("/panics", get(panics))
        .route("/fails", get(|| async { Err::<ApiResponse<()>, _>(ApiError::internal(Secret)) }))
        .route("/waits", get(|| async { Err::<ApiResponse<()>, _>(ApiError::unavailable(Secret)) }))
        .route(
            "/rests",
            get(|| async { Err::<ApiResponse<()>, _>(ApiError::from(CallError::CircuitOpen(OPEN_CIRCUIT))) }),
        )
        .route(
            "/refuses",
            get(|| async { Err::<ApiResponse<()>, _>(ApiError::new(ErrorCode::Conflict, "not now")) }),
        )
        .route("/info", get(info))
        .route("/reads", post(|body: String| async move { ApiResponse::ok(body.len()) }))
}

#[expect(clippy::panic, reason = "the test needs a panicking handler")]
async fn panics() -> ApiResponse<()> {
    panic!("hunter2")
}

async fn info(axum::Extension(info): axum::Extension<RequestInfo>) -> ApiResponse<serde_json::Value> {
    ApiResponse::ok(json!({ "id": info.id, "correlationId": info.correlation_id }))
}

#[tokio::test]
async fn panics_and_internal_errors_expose_only_the_request_id() {
    for path in ["/panics", "/fails"] {
        let headers = [("x-correlation-id", "checkout-7")];
        let response = send(&router(), &request_event("GET", path, &headers, None)).await;
        assert_eq!(response.status, 500, "{path}");
        let message = "internal error; quote the request id when you report it";
        let expected = json!({
            "type": "about:blank",
            "title": "Internal Server Error",
            "status": 500,
            "detail": message,
            "instance": "JKJaXmPLvHcESHA=",
            "error": { "code": "INTERNAL_ERROR", "message": message },
        });
        assert_eq!(response.json(), expected, "{path}");
        assert_eq!(response.header("x-request-id").unwrap(), "JKJaXmPLvHcESHA=");
        assert_eq!(response.header("x-correlation-id").unwrap(), "checkout-7");
        assert!(!format!("{response:?}").contains("hunter2"), "{path}");
    }
}

#[tokio::test]
async fn router_works_after_a_panic() {
    let router = router();
    assert_eq!(send(&router, &request_event("GET", "/panics", &[], None)).await.status, 500);
    assert_eq!(send(&router, &request_event("GET", "/info", &[], None)).await.status, 200);
}

#[tokio::test]
async fn unavailable_response_has_retry_after() {
    let response = send(&router(), &request_event("GET", "/waits", &[], None)).await;
    assert_eq!(response.error(), (503, "SERVICE_UNAVAILABLE"));
    assert_eq!(response.header("retry-after").unwrap(), "1");
    assert!(!format!("{response:?}").contains("hunter2"));
}

#[tokio::test]
async fn open_circuit_response_has_its_retry_after() {
    let response = send(&router(), &request_event("GET", "/rests", &[], None)).await;
    assert_eq!(response.error(), (503, "SERVICE_UNAVAILABLE"));
    assert_eq!(response.header("retry-after").unwrap(), "4");
    assert_eq!(response.json()["error"]["retryAfter"], 4);
}

#[tokio::test]
async fn error_message_is_returned_unchanged() {
    let response = send(&router(), &request_event("GET", "/refuses", &[], None)).await;
    assert_eq!(response.error(), (409, "CONFLICT"));
    assert_eq!(response.json()["error"], json!({ "code": "CONFLICT", "message": "not now" }));
    assert_eq!(response.header("retry-after"), None);
}

#[tokio::test]
async fn request_without_an_id_gets_one() {
    for id in [json!(null), json!(""), json!("two words"), json!("x".repeat(200))] {
        let mut event = request_event("GET", "/info", &[], None);
        event["requestContext"]["requestId"] = id.clone();
        let response = send(&router(), &event).await;
        let generated = response.header("x-request-id").unwrap();
        assert_eq!(generated.len(), 32, "{id}");
        assert!(generated.bytes().all(|byte| byte.is_ascii_hexdigit()), "{generated}");
        assert_eq!(response.header("x-correlation-id").unwrap(), generated);
        assert_eq!(response.json()["data"], json!({ "id": generated, "correlationId": generated }));
    }
}

#[tokio::test]
async fn oversized_body_is_refused_for_any_extractor() {
    let mut event = request_event("POST", "/reads", &[], Some(&json!(null)));
    event["body"] = json!("x".repeat(256 * 1024));
    let fits = send(&router(), &event).await;
    assert_eq!((fits.status.as_u16(), &fits.json()["data"]), (200, &json!(262_144)));
    event["body"] = json!("x".repeat(256 * 1024 + 1));
    let over = send(&router(), &event).await;
    assert_eq!(over.error(), (413, "PAYLOAD_TOO_LARGE"));
}

#[tokio::test]
async fn responses_are_not_cacheable_unless_the_handler_allows_it() {
    let router = Router::new()
        .route("/cached", get(|| async { ApiResponse::ok(json!(1)).cache_control("public, max-age=5") }))
        .merge(router());
    for (path, expected) in
        [("/cached", "public, max-age=5"), ("/info", "no-store"), ("/nowhere", "no-store")]
    {
        let response = send(&router, &request_event("GET", path, &[], None)).await;
        assert_eq!(response.header("cache-control").unwrap(), expected, "{path}");
    }
}

#[tokio::test]
async fn large_responses_are_compressed_if_accepted() {
    let long = "x".repeat(4_096);
    let router = Router::new().route("/long", get(move || async move { ApiResponse::ok(long) }));
    let plain = send(&router, &request_event("GET", "/long", &[], None)).await;
    assert!(plain.bytes.len() > 4_096 && plain.header("content-encoding").is_none());
    let accepted = request_event("GET", "/long", &[("accept-encoding", "gzip")], None);
    let compressed = send(&router, &accepted).await;
    assert_eq!(compressed.header("content-encoding").as_deref(), Some("gzip"));
    assert!(compressed.bytes.len() < 512, "{}", compressed.bytes.len());
}

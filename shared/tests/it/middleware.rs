//! The HTTP middleware around a test router.

use std::time::Duration;

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use shared::kit::command::Version;
use shared::kit::error::{ApiError, ErrorCode};
use shared::kit::http::openapi::{ApiRouter, RouteBuilder, RouterState};
use shared::kit::http::{
    ApiResponse, EntityTag, FileFormat, FilePart, IfMatch, IfNoneMatch, NoContent, RequestInfo, Resource,
};
use shared::kit::resilience::breaker::CircuitOpen;
use shared::kit::resilience::http_client::CallError;
use test_support::lambda_event::{RouterResponse, request_event, send};

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

/// Resource with a body of some length.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct Document(String);

impl Resource for Document {
    fn location(&self) -> String {
        "/documents/1".to_owned()
    }

    fn tag(&self) -> EntityTag {
        EntityTag::of(Version::FIRST)
    }
}

/// Router with a long and a short document, and a route without content.
fn documents() -> Router {
    let document = |length: usize| {
        get(move |known: IfNoneMatch| async move {
            ApiResponse::versioned(Document("x".repeat(length))).not_modified_if(&known)
        })
    };
    Router::new()
        .route("/long", document(4_096))
        .route("/short", document(10).delete(|_: IfMatch<Document>| async { ApiResponse::no_content() }))
        .route("/moved", get(|| async { Redirect::to("/long") }))
}

async fn ask(method: &str, path: &str, headers: &[(&str, &str)]) -> RouterResponse {
    send(&documents().merge(router()), &request_event(method, path, headers, None)).await
}

const GZIP: (&str, &str) = ("accept-encoding", "gzip");

/// RFC 9110, sections 8.8.3.3 and 12.5.5.
#[tokio::test]
async fn each_representation_has_its_own_strong_entity_tag() {
    let plain = ask("GET", "/long", &[]).await;
    assert!(plain.bytes.len() > 4_096 && plain.header("content-encoding").is_none());
    assert_eq!((plain.header("etag").unwrap(), plain.header("vary").unwrap()), tag_and_vary("\"1\""));
    let compressed = ask("GET", "/long", &[GZIP]).await;
    assert_eq!(compressed.header("content-encoding").as_deref(), Some("gzip"));
    assert!(compressed.bytes.len() < 512, "{}", compressed.bytes.len());
    assert_eq!(
        (compressed.header("etag").unwrap(), compressed.header("vary").unwrap()),
        tag_and_vary("\"1-gzip\"")
    );
    let short = ask("GET", "/short", &[GZIP]).await;
    assert_eq!((short.header("content-encoding"), short.header("etag").as_deref()), (None, Some("\"1\"")));
    for accepted in ["identity", "gzip;q=0", "br"] {
        let response = ask("GET", "/long", &[("accept-encoding", accepted)]).await;
        assert_eq!(response.header("etag").as_deref(), Some("\"1\""), "{accepted}");
    }
}

fn tag_and_vary(tag: &str) -> (String, String) {
    (tag.to_owned(), "accept-encoding".to_owned())
}

/// RFC 9110, section 15.4.5.
#[tokio::test]
async fn not_modified_has_the_entity_tag_of_the_ok_response() {
    for method in ["GET", "HEAD"] {
        for known in ["\"1\"", "\"1-gzip\"", "W/\"1\"", "\"7\", \"1-gzip\"", "*"] {
            for (path, accepted, tag) in
                [("/long", "gzip", "\"1-gzip\""), ("/long", "identity", "\"1\""), ("/short", "gzip", "\"1\"")]
            {
                let headers = [("if-none-match", known), ("accept-encoding", accepted)];
                let response = ask(method, path, &headers).await;
                let found =
                    (response.status.as_u16(), response.bytes.len(), response.header("etag").unwrap());
                assert_eq!(found, (304, 0, tag.to_owned()), "{method} {path} {known} {accepted}");
                for name in ["content-type", "content-encoding", "content-length"] {
                    assert_eq!(response.header(name), None, "{name} of {method} {path}");
                }
            }
        }
    }
    assert_eq!(ask("GET", "/long", &[("if-none-match", "\"2\""), GZIP]).await.status, 200);
}

/// RFC 9110, section 9.3.2.
#[tokio::test]
async fn head_has_status_and_headers_of_get() {
    for path in ["/long", "/short", "/moved", "/info", "/nowhere", "/fails", "/panics", "/refuses", "/reads"]
    {
        for headers in [&[][..], &[GZIP]] {
            let (get, head) = (ask("GET", path, headers).await, ask("HEAD", path, headers).await);
            assert_eq!((head.status, head.bytes.len()), (get.status, 0), "{path}");
            assert_eq!(head.headers, get.headers, "{path}");
            assert_eq!(head.header("content-length").unwrap(), get.bytes.len().to_string(), "{path}");
        }
    }
}

/// RFC 9110, section 8.6.
#[tokio::test]
async fn no_content_has_no_content_length() {
    let deleted = ask("DELETE", "/short", &[("if-match", "\"1-gzip\"")]).await;
    assert_eq!((deleted.status.as_u16(), deleted.header("content-length")), (204, None));
}

/// RFC 9110, section 15.5.16.
#[tokio::test]
async fn encoded_body_is_refused_with_the_supported_coding() {
    let post = async |path: &str, coding: &str| {
        let headers = [("content-encoding", coding)];
        send(&router(), &request_event("POST", path, &headers, Some(&json!(1)))).await
    };
    for coding in ["gzip", "GZIP", "br", "identity, gzip", "deflate,identity", "x"] {
        let response = post("/reads", coding).await;
        assert_eq!(response.error(), (415, "UNSUPPORTED_CONTENT_ENCODING"), "{coding}");
        assert_eq!(response.header("accept-encoding").as_deref(), Some("identity"), "{coding}");
    }
    for coding in ["identity", "Identity", "identity, identity", ""] {
        assert_eq!(post("/reads", coding).await.status, 200, "{coding}");
    }
    assert_eq!(post("/nowhere", "gzip").await.error(), (404, "NOT_FOUND"));
    let empty = ask("POST", "/reads", &[("content-encoding", "gzip")]).await;
    assert_eq!(empty.status, 200, "there is no body to decode");
}

/// Routes of several media types, listed as a function lists its own.
fn listed_routes() -> ApiRouter {
    ApiRouter::<NoState>::new()
        .get("/json", json_route, "JSON")
        .post("/json", json_route, "JSON")
        .get("/csv", csv_route, "CSV")
        .delete("/json", no_content_route, "Nothing")
        .with_state(NoState)
}

#[derive(Debug, Clone)]
struct NoState;

impl RouterState for NoState {
    type Queries = Self;
}

async fn json_route() -> ApiResponse<u32> {
    ApiResponse::ok(1)
}

async fn csv_route() -> FilePart {
    FilePart { format: FileFormat::Csv, text: "a,b".to_owned(), name: "file".to_owned(), next: None }
}

async fn no_content_route() -> NoContent {
    ApiResponse::no_content()
}

/// RFC 9110, section 12.5.1.
#[tokio::test]
async fn accept_is_checked_against_the_media_types_of_the_route() {
    for (method, path, accept, status) in [
        ("GET", "/json", "application/json;q=0, */*", 406),
        ("HEAD", "/json", "application/json;q=0, */*", 406),
        ("POST", "/json", "application/json;q=0, */*", 406),
        ("GET", "/json", "text/html", 406),
        ("POST", "/json", "text/csv", 406),
        ("GET", "/json", "text/html, */*;q=0.1", 200),
        ("GET", "/csv", "text/csv", 200),
        ("GET", "/csv", "text/*", 200),
        ("GET", "/csv", "application/json", 406),
        ("GET", "/csv", "application/jsonl", 406),
        ("DELETE", "/json", "image/png", 204),
        ("PUT", "/json", "image/png", 405),
        ("GET", "/nowhere", "image/png", 404),
    ] {
        let event = request_event(method, path, &[("accept", accept)], None);
        let response = send(&listed_routes(), &event).await;
        assert_eq!(response.status.as_u16(), status, "{method} {path} Accept: {accept}");
        if status >= 400 {
            assert_eq!(
                response.header("content-type").unwrap(),
                "application/problem+json",
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn ambiguous_correlation_id_is_ignored() {
    for id in ["a,b", "a, a", "a b", ""] {
        let response = ask("GET", "/info", &[("x-correlation-id", id)]).await;
        assert_eq!(response.header("x-correlation-id"), response.header("x-request-id"), "{id}");
    }
}

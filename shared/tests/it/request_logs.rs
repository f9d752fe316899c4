//! Log lines of requests: one access line each, and the cause of a 500 once.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};
use shared::kit::error::ApiError;
use shared::kit::http::ApiResponse;
use shared::kit::system::config::{Environment, TelemetryConfig};
use shared::kit::telemetry::{logs, panics};
use test_support::lambda_event::{request_event, send};
use tracing_subscriber::fmt::MakeWriter;

/// Log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the index is unreadable")]
struct Outer(#[source] Inner);

#[derive(Debug, thiserror::Error)]
#[error("the disk is full")]
struct Inner;

#[expect(clippy::unwrap_used, reason = "the test needs a panicking handler")]
fn router() -> Router {
    Router::new()
        .route("/succeeds", get(|| async { ApiResponse::ok(1) }))
        .route("/fails", get(|| async { Err::<ApiResponse<()>, _>(ApiError::internal(Outer(Inner))) }))
        .route("/refuses", get(|| async { Err::<ApiResponse<()>, _>(ApiError::not_found()) }))
        .route("/panics", get(|| async { panics("the cart is empty".to_owned()) }))
        .route(
            "/unwraps",
            get(|| async { ApiResponse::ok("hunter2".parse::<f64>().map_err(|_| "hunter2").unwrap()) }),
        )
}

#[expect(clippy::panic, reason = "the test needs a panicking handler")]
fn panics(message: String) -> ApiResponse<()> {
    panic!("{message}")
}

/// Log lines of a request, without their timestamps.
async fn lines_of(path: &str) -> Vec<Value> {
    let env = Environment::of([("AGORA_STAGE", "test"), ("AWS_LAMBDA_FUNCTION_NAME", "api-test")]);
    let log = Log::default();
    let config = TelemetryConfig::from_env(&env).unwrap();
    let _subscriber = tracing::subscriber::set_default(logs::subscriber(&config, log.clone()));
    panics::install_hook();
    send(&router(), &request_event("GET", path, &[], None)).await;
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn summary(line: &Value) -> Value {
    json!([line["level"], line["message"], line["error"], line["causes"], line["status"], line["code"]])
}

#[tokio::test]
async fn successful_request_has_one_access_line() {
    let lines = lines_of("/succeeds").await;
    let summaries: Vec<Value> = lines.iter().map(summary).collect();
    assert_eq!(summaries, [json!(["INFO", "request", null, null, 200, null])]);
    assert_eq!(lines[0]["requestId"], "JKJaXmPLvHcESHA=");
}

#[tokio::test]
async fn refused_request_has_one_access_line() {
    let summaries: Vec<Value> = lines_of("/refuses").await.iter().map(summary).collect();
    assert_eq!(summaries, [json!(["INFO", "request", null, null, 404, "NOT_FOUND"])]);
}

#[tokio::test]
async fn cause_of_an_internal_error_is_logged_once() {
    let lines = lines_of("/fails").await;
    let summaries: Vec<Value> = lines.iter().map(summary).collect();
    let cause = ["the index is unreadable", "the disk is full"];
    let expected = [
        json!(["ERROR", "request failed unexpectedly", cause[0], cause[1], null, null]),
        json!(["INFO", "request", null, null, 500, "INTERNAL_ERROR"]),
    ];
    assert_eq!(summaries, expected);
    assert_eq!(lines[0]["requestId"], lines[1]["requestId"]);
}

#[tokio::test]
async fn panic_is_one_line_with_message_location_and_backtrace() {
    let lines = lines_of("/panics").await;
    let summaries: Vec<Value> = lines.iter().map(summary).collect();
    let expected = [
        json!(["ERROR", "panic", "the cart is empty", null, null, null]),
        json!(["INFO", "request", null, null, 500, "INTERNAL_ERROR"]),
    ];
    assert_eq!(summaries, expected);
    assert_eq!(lines[0]["requestId"], "JKJaXmPLvHcESHA=");
    assert!(lines[0]["location"].as_str().unwrap().contains("request_logs.rs:"), "{lines:?}");
    assert!(lines[0]["backtrace"].as_str().unwrap().contains("request_logs::panics"), "{lines:?}");
}

#[tokio::test]
async fn panic_message_does_not_contain_values() {
    let lines = lines_of("/unwraps").await;
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["error"], "called `…` on an `…` value: \"…\"");
    assert!(!format!("{lines:?}").contains("hunter2"));
}

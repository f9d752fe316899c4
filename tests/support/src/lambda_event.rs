//! Lambda events: API Gateway requests, which are sent through a router, and SQS messages.

use std::fmt::Debug;
use std::fs;

use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use lambda_http::Request;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::kit::http::middleware;
use shared::kit::http::openapi::ApiRouter;
use shared::kit::queue::consumer::delivery::CALL_SLOT_ATTRIBUTE;
use shared::kit::queue::consumer::parse_event::parse_event;
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy, Timestamp};
use tower::ServiceExt;

use crate::{openapi_contract, workspace};

/// Response of a router.
#[derive(Debug, Clone)]
pub struct RouterResponse {
    /// Status code.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub bytes: Vec<u8>,
    code: String,
}

impl RouterResponse {
    /// Parses the body as JSON; null if it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }

    /// Error code; empty if the response is not an error.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Status code and error code; the latter is empty if the response is not an error.
    #[must_use]
    pub fn error(&self) -> (u16, &str) {
        (self.status.as_u16(), &self.code)
    }

    /// Names of the invalid fields, in alphabetical order.
    #[must_use]
    pub fn fields(&self) -> Vec<String> {
        let fields = self.json()["error"]["fields"].as_object().cloned().unwrap_or_default();
        fields.keys().cloned().collect()
    }

    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        Some(self.headers.get(name)?.to_str().ok()?.to_owned())
    }
}

/// Copy of a response body for a snapshot: times are replaced by `[time]`, and the random id by `[id]`.
#[must_use]
pub fn masked(body: &Value, random_id: Option<&str>) -> Value {
    match body {
        Value::String(text) if Some(text.as_str()) == random_id => json!("[id]"),
        Value::String(text) if text.parse::<Timestamp>().is_ok() => json!("[time]"),
        Value::Array(items) => items.iter().map(|item| masked(item, random_id)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, field)| (name.clone(), masked(field, random_id))).collect()
        }
        other => other.clone(),
    }
}

/// Ids of the resources on a page of a list.
///
/// # Panics
/// If `page` is not the body of such a response.
#[must_use]
pub fn page_ids(page: &Value) -> Vec<String> {
    let id = |resource: &Value| resource["id"].as_str().expect("a resource has an id").to_owned();
    page["data"].as_array().expect("a list has data").iter().map(id).collect()
}

/// Reads the event in `events/<function>/<case>.json`.
///
/// # Panics
/// If the file does not exist or is not JSON.
#[must_use]
pub fn event_from_file(function: &str, case: &str) -> Value {
    let path = workspace("events").join(function).join(format!("{case}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Names of all cases in `events/<function>/`, in alphabetical order.
///
/// # Panics
/// If the folder does not exist.
#[must_use]
pub fn cases(function: &str) -> Vec<String> {
    let folder = workspace("events").join(function);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = files.map(|file| file.expect("the folder can be read").path());
    let mut names: Vec<String> =
        paths.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    names
}

/// Checks that `tested` are the names of all cases in `events/<function>/`, in any order.
///
/// # Panics
/// If the two differ.
pub fn assert_all_cases<'a>(function: &str, tested: impl IntoIterator<Item = &'a str>) {
    let mut tested: Vec<&str> = tested.into_iter().collect();
    tested.sort_unstable();
    assert_eq!(tested, cases(function), "an event file is not tested or does not exist");
}

/// API Gateway event (version 2.0) of a request with an optional JSON body.
#[must_use]
pub fn request_event(method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Value {
    let (raw_path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut named: serde_json::Map<String, Value> =
        headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), json!(value))).collect();
    if body.is_some() {
        named.entry("content-type").or_insert(json!("application/json"));
    }
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": raw_path,
        "rawQueryString": query,
        "headers": named,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": "localhost",
            "domainPrefix": "localhost",
            "http": {
                "method": method,
                "path": raw_path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "test"
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000",
            "timeEpoch": 1_767_225_600_000_i64
        },
        "isBase64Encoded": false
    });
    if let Some(body) = body {
        event["body"] = json!(body.to_string());
    }
    event
}

/// SQS record of a queue with the first event of `subject`.
#[must_use]
pub fn sqs_record(queue: &str, name: &str, subject: &str, data: &Value) -> Value {
    sqs_record_of_version(queue, name, (subject, 1), Timestamp::from_millis(1_800_000_000_000), data)
}

/// SQS record of a queue with the event of a version of `subject` at this time.
#[must_use]
pub fn sqs_record_of_version(
    queue: &str,
    name: &str,
    (subject, version): (&str, u32),
    occurred_at: Timestamp,
    data: &Value,
) -> Value {
    let body = json!({
        "id": format!("{subject}.{version}"),
        "schema": 1,
        "subject": subject,
        "sequence": version,
        "occurredAt": occurred_at,
        "correlationId": "a-test",
        "type": name,
        "data": data,
    });
    json!({
        "messageId": format!("{name} {subject}"),
        "receiptHandle": format!("handle of {name} {subject}"),
        "body": body.to_string(),
        "attributes": { "ApproximateReceiveCount": "1" },
        "messageAttributes": {},
        "eventSourceARN": format!("arn:aws:sqs:eu-central-1:000000000000:{queue}"),
    })
}

/// Gives the first message of an SQS event the slot of its call.
pub fn set_call_slot(event: &mut Value, slot: Timestamp) {
    let attribute = json!({ "dataType": "String", "stringValue": slot.as_millis().to_string() });
    event["Records"][0]["messageAttributes"][CALL_SLOT_ATTRIBUTE] = attribute;
}

/// Checks the errors of parsing messages as an `E`: name and data of each event, and the error without the
/// prefix of all such errors.
///
/// # Panics
/// If a message can be parsed, or its error differs.
pub fn assert_parse_errors<E: DeserializeOwned + Debug>(events: &[(&str, Value, &str)]) {
    for (name, data, expected) in events {
        let message = sqs_record("a-queue", name, "a-subject", data);
        let parsed = parse_event::<E>(message["body"].as_str().unwrap_or_default());
        let error = parsed.expect_err("the event is malformed").to_string();
        assert_eq!(error, format!("the message cannot be parsed: {expected}"));
    }
}

/// Sends an event through a router and its middleware, and checks the response against the API description.
///
/// # Panics
/// If the event is not one of API Gateway, or the response does not conform.
pub async fn send<R: Into<ApiRouter> + Clone>(router: &R, event: &Value) -> RouterResponse {
    send_at(router, event, SystemClock).await
}

/// Same as [`send`], with this clock.
///
/// # Panics
/// If the event is not one of API Gateway, or the response does not conform.
pub async fn send_at<R: Into<ApiRouter> + Clone>(
    router: &R,
    event: &Value,
    clock: impl Clock,
) -> RouterResponse {
    let json = event.to_string();
    let request: Request = lambda_http::request::from_str(&json).expect("the event is one of API Gateway");
    let router = middleware::layer(router.clone(), clock, SystemEntropy);
    let response = Box::pin(router.oneshot(request)).await.expect("a router always responds");
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.expect("the body is in memory").to_bytes().to_vec();
    let text = |pointer| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let method = text("/requestContext/http/method").parse().expect("the event has a method");
    let path = format!("{}?{}", text("/rawPath"), text("/rawQueryString"));
    openapi_contract::assert_conforms(&method, &path, parts.status, &parts.headers, &bytes);
    let json: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let code = json["error"]["code"].as_str().unwrap_or_default().to_owned();
    RouterResponse { status: parts.status, headers: parts.headers, bytes, code }
}

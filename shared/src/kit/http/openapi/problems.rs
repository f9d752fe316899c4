//! Error responses in the document: problems (RFC 9457), each with a code.

use std::collections::{BTreeMap, BTreeSet};

use http::{HeaderName, StatusCode, header};
use serde_json::{Map, Value, json};

use super::responses::{common_response_headers, reason};
use crate::kit::error::error_code::ErrorCode;

/// Error responses of all operations, each defined once and referenced.
#[derive(Debug, Default)]
pub(super) struct Problems {
    responses: BTreeMap<String, Value>,
    codes: BTreeSet<ErrorCode>,
}

impl Problems {
    /// References the response with this status and one of `codes`; with rate-limit headers if `limited`.
    pub(super) fn reference(&mut self, status: StatusCode, codes: &[ErrorCode], limited: bool) -> Value {
        self.codes.extend(codes);
        let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
        let unlimited = if limited { "" } else { "-unlimited" };
        let name = format!("{}-{}{unlimited}", status.as_str(), names.join("-"));
        let reference = json!({ "$ref": format!("#/components/responses/{name}") });
        self.responses
            .entry(name)
            .or_insert_with(|| response(status, codes, common_response_headers(limited)));
        reference
    }

    /// Returns the referenced responses, and an example of each code.
    pub(super) fn into_components(self) -> (BTreeMap<String, Value>, BTreeMap<&'static str, Value>) {
        let examples =
            self.codes.into_iter().map(|code| (code.as_str(), json!({ "value": example(code) }))).collect();
        (self.responses, examples)
    }
}

/// Response with this status and one of `codes`.
fn response(status: StatusCode, codes: &[ErrorCode], mut headers: Map<String, Value>) -> Value {
    let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let meanings: Vec<String> =
        codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.meaning())).collect();
    let examples = names
        .iter()
        .map(|name| ((*name).to_owned(), json!({ "$ref": format!("#/components/examples/{name}") })));
    let examples: Map<String, Value> = examples.collect();
    let constraints = json!({
        "properties": {
            "status": { "const": status.as_u16() },
            "error": { "properties": { "code": { "enum": names } } },
        },
    });
    for name in additional_headers(status) {
        let reference = format!("#/components/headers/{name}");
        headers.insert(name.as_str().to_owned(), json!({ "$ref": reference }));
    }
    let schema = json!({ "allOf": [{ "$ref": "#/components/schemas/Problem" }, constraints] });
    json!({
        "description": meanings.join("\n\n"),
        "headers": headers,
        "content": { "application/problem+json": { "schema": schema, "examples": examples } },
    })
}

fn additional_headers(status: StatusCode) -> &'static [HeaderName] {
    match status {
        StatusCode::UNAUTHORIZED => &[header::WWW_AUTHENTICATE],
        StatusCode::UNSUPPORTED_MEDIA_TYPE => &[header::ACCEPT_ENCODING],
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => &[header::RETRY_AFTER],
        _ => &[],
    }
}

fn example(code: ErrorCode) -> Value {
    let mut error = json!({ "code": code.as_str(), "message": code.meaning() });
    if code == ErrorCode::ValidationError {
        error["fields"] = json!({ "name": "is required" });
    }
    if code == ErrorCode::Forbidden {
        error["permission"] = json!("users:read");
    }
    if additional_headers(code.status()).contains(&header::RETRY_AFTER) {
        error["retryAfter"] = json!(12);
    }
    json!({
        "type": "about:blank",
        "title": reason(code.status()),
        "status": code.status().as_u16(),
        "detail": code.meaning(),
        "instance": "0123456789abcdef0123456789abcdef",
        "error": error,
    })
}

/// Schema common to all problems.
pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "description": "A problem (RFC 9457). The meaning of `error.code` never changes; the messages may.",
        "required": ["type", "title", "status", "detail", "instance", "error"],
        "additionalProperties": false,
        "properties": {
            "type": { "const": "about:blank", "description": "Always `about:blank`: see `error.code`." },
            "title": { "type": "string", "description": "Reason phrase of the status." },
            "status": { "type": "integer", "description": "HTTP status." },
            "detail": { "type": "string", "description": "Human-readable error message." },
            "instance": {
                "type": "string",
                "description": "Id of the request; quote it when you report the problem.",
            },
            "error": error_schema(),
        },
    })
}

/// Schema of the member `error`.
fn error_schema() -> Value {
    json!({
        "type": "object",
        "description": "Error code and message; the invalid fields, the missing permission or the time to \
                        wait if there are any.",
        "required": ["code", "message"],
        "additionalProperties": false,
        "properties": {
            "code": { "type": "string", "description": "Machine-readable error code." },
            "message": { "type": "string", "description": "Human-readable error message." },
            "fields": {
                "type": "object",
                "description": "Invalid fields by path, each with the rule that it breaks.",
                "additionalProperties": { "type": "string" },
            },
            "permission": {
                "type": "string",
                "description": "Permission that the caller lacks, for example `users:read`. Absent if \
                                no permission allows the operation.",
            },
            "retryAfter": {
                "type": "integer",
                "minimum": 0,
                "description": "Seconds to wait before the next attempt, as in `Retry-After`.",
            },
        },
    })
}

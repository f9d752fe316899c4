//! Errors, as the document has them: problems of RFC 9457 with a code each.

use std::collections::{BTreeMap, BTreeSet};

use http::{HeaderName, StatusCode, header};
use serde_json::{Map, Value, json};

use super::operation::{headers_of_every_answer, reason};
use crate::kit::error::error_code::ErrorCode;

/// The errors of all operations, each said once and referred to.
#[derive(Debug, Default)]
pub(super) struct Problems {
    responses: BTreeMap<String, Value>,
    codes: BTreeSet<ErrorCode>,
}

impl Problems {
    /// A reference to the answer of a status that means one of `codes`; `limited` says whether its headers tell of limits.
    pub(super) fn reference(&mut self, status: StatusCode, codes: &[ErrorCode], limited: bool) -> Value {
        self.codes.extend(codes);
        let words: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
        let unlimited = if limited { "" } else { "-unlimited" };
        let name = format!("{}-{}{unlimited}", status.as_str(), words.join("-"));
        let reference = json!({ "$ref": format!("#/components/responses/{name}") });
        self.responses
            .entry(name)
            .or_insert_with(|| response(status, codes, headers_of_every_answer(limited)));
        reference
    }

    /// What was referred to: the answers, and an example of each code.
    pub(super) fn into_components(self) -> (BTreeMap<String, Value>, BTreeMap<&'static str, Value>) {
        let examples =
            self.codes.into_iter().map(|code| (code.as_str(), json!({ "value": example(code) }))).collect();
        (self.responses, examples)
    }
}

/// The answer of a status that means one of `codes`.
fn response(status: StatusCode, codes: &[ErrorCode], mut headers: Map<String, Value>) -> Value {
    let words: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let meanings: Vec<String> =
        codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.meaning())).collect();
    let examples = words
        .iter()
        .map(|word| ((*word).to_owned(), json!({ "$ref": format!("#/components/examples/{word}") })));
    let examples: Map<String, Value> = examples.collect();
    let this_status = json!({
        "properties": {
            "status": { "const": status.as_u16() },
            "error": { "properties": { "code": { "enum": words } } },
        },
    });
    for name in further_headers(status) {
        let reference = format!("#/components/headers/{name}");
        headers.insert(name.as_str().to_owned(), json!({ "$ref": reference }));
    }
    let schema = json!({ "allOf": [{ "$ref": "#/components/schemas/Problem" }, this_status] });
    json!({
        "description": meanings.join("\n\n"),
        "headers": headers,
        "content": { "application/problem+json": { "schema": schema, "examples": examples } },
    })
}

fn further_headers(status: StatusCode) -> &'static [HeaderName] {
    match status {
        StatusCode::UNAUTHORIZED => &[header::WWW_AUTHENTICATE],
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => &[header::RETRY_AFTER],
        _ => &[],
    }
}

fn example(code: ErrorCode) -> Value {
    let mut error = json!({ "code": code.as_str(), "message": code.meaning() });
    if code == ErrorCode::ValidationError {
        error["fields"] = json!({ "name": "is required" });
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

/// What all problems have in common.
pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "description": "A problem (RFC 9457). `error.code` never changes its meaning; the words may.",
        "required": ["type", "title", "status", "detail", "instance", "error"],
        "additionalProperties": false,
        "properties": {
            "type": { "const": "about:blank" },
            "title": { "type": "string", "description": "What the status is called." },
            "status": { "type": "integer", "description": "The status." },
            "detail": { "type": "string", "description": "What went wrong, in words." },
            "instance": { "type": "string", "description": "The request's id; quote it when you report the problem." },
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "additionalProperties": false,
                "properties": {
                    "code": { "type": "string", "description": "What went wrong, in a word for programs." },
                    "message": { "type": "string", "description": "What went wrong, in words." },
                    "fields": {
                        "type": "object",
                        "description": "The fields that break a rule, by path; and the rule that each breaks.",
                        "additionalProperties": { "type": "string" },
                    },
                },
            },
        },
    })
}

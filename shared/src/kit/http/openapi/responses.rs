//! Parts that successful and failed responses have in common.

use http::StatusCode;
use serde_json::{Map, Value, json};

/// References to the headers common to all responses.
pub(super) fn common_response_headers(limited: bool) -> Map<String, Value> {
    let common_headers = ["x-request-id", "x-correlation-id"];
    let limits =
        ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit", "ratelimit-policy"];
    let names = common_headers.into_iter().chain(limits.into_iter().filter(|_| limited));
    names.map(|name| (name.to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }))).collect()
}

/// Reason phrase of a status.
pub(super) fn reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or_default()
}

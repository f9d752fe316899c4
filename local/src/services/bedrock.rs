//! Embedded Bedrock Runtime: `InvokeModel` of Titan Text Embeddings V2
//! (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html>), with the
//! signature check, the validation and the quota of the service.

mod signature;
mod titan;

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header, request::Parts};
use serde_json::json;

use crate::services::token_bucket::TokenBucket;
use crate::system::{arn, clock};
use crate::template::Throttle;
use signature::{Keys, SignatureError};

pub use titan::embed;

/// Id of the only model.
const MODEL: &str = "amazon.titan-embed-text-v2:0";

/// Default quota of the model for on-demand requests: 6,000 per minute.
pub const QUOTA: Throttle = Throttle { rate: 100, burst: 100 };

/// Credentials with which the functions sign.
const KEYS: Keys = Keys { id: "local", secret: "local", region: arn::REGION, service: "bedrock" };

/// Error response: status, error type and message.
type Refusal = (StatusCode, &'static str, String);

/// Routes of the service.
pub(crate) fn router() -> Router {
    let quota = Arc::new(TokenBucket::new(QUOTA, Instant::now()));
    Router::new().route("/model/{model}/invoke", post(invoke)).with_state(quota)
}

async fn invoke(
    State(quota): State<Arc<TokenBucket>>,
    Path(model): Path<String>,
    parts: Parts,
    body: Bytes,
) -> Response {
    match respond(&quota, &model, &parts, &body) {
        Ok(response) => Json(response).into_response(),
        Err((status, kind, message)) => {
            (status, [("x-amzn-errortype", kind)], Json(json!({ "message": message }))).into_response()
        }
    }
}

fn respond(
    quota: &TokenBucket,
    model: &str,
    parts: &Parts,
    body: &[u8],
) -> Result<serde_json::Value, Refusal> {
    KEYS.verify(parts, body, clock::now()).map_err(unauthorised)?;
    if !quota.try_acquire(Instant::now()) {
        let message = "Too many requests, please wait before trying again.".to_owned();
        return Err((StatusCode::TOO_MANY_REQUESTS, "ThrottlingException", message));
    }
    if model != MODEL {
        return Err(invalid("The provided model identifier is invalid."));
    }
    if !is_json(&parts.headers) {
        return Err(invalid("The provided content type is invalid or not supported."));
    }
    titan::embed(body).map_err(|rule| {
        invalid(format!("Malformed input request: {rule}, please reformat your input and try again."))
    })
}

fn unauthorised(error: SignatureError) -> Refusal {
    (StatusCode::FORBIDDEN, error.kind(), error.to_string())
}

fn invalid(message: impl Into<String>) -> Refusal {
    (StatusCode::BAD_REQUEST, "ValidationException", message.into())
}

fn is_json(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsigned_request_is_refused() {
        let quota = TokenBucket::new(QUOTA, Instant::now());
        let (parts, ()) = http::Request::post("/model/x/invoke").body(()).unwrap().into_parts();
        let (status, kind, _) = respond(&quota, MODEL, &parts, b"{}").unwrap_err();
        assert_eq!((status, kind), (StatusCode::FORBIDDEN, "MissingAuthenticationTokenException"));
    }
}

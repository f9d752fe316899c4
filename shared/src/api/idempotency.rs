//! Idempotency keys: a repeated request is executed once and gets the same response.

use axum::extract::{FromRequestParts, MatchedPath};
use http::request::Parts;

use super::caller::MaybeAuthenticated;
use crate::api::state::ApiState;
use crate::kit::command::idempotency_lease::{Claim, HTTP_LEASE};
use crate::kit::command::idempotency_record::HTTP_RETENTION;
use crate::kit::command::{CommandContext, IdempotencyRecord};
use crate::kit::error::{ApiError, ErrorCode};
use crate::kit::http::middleware::RawBody;
use crate::kit::http::{RequestInfo, single_header};

/// Context of a command; executed once if the caller sent an `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotent(pub CommandContext);

/// Context of a command that is executed once: the caller must send an `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKeyRequired(pub CommandContext);

/// Claim on an idempotency key for an operation with an effect outside the table, to be executed with
/// [`lease::once`](crate::kit::command::idempotency_lease::once). The caller must send an `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeasedIdempotencyKey(pub Claim);

/// Context of a command that takes no idempotency key: its response contains a secret, or the command is
/// naturally idempotent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NonIdempotent(pub CommandContext);

const HEADER: &str = "idempotency-key";

impl<S: Send + Sync> FromRequestParts<S> for NonIdempotent {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let request = RequestInfo::from_request_parts(parts, state).await?;
        Ok(Self(CommandContext::new(request.correlation_id, request.received_at)))
    }
}

impl<S: ApiState> FromRequestParts<S> for Idempotent {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let NonIdempotent(context) = NonIdempotent::from_request_parts(parts, state).await?;
        let Some(key) = key(parts)? else { return Ok(Self(context)) };
        let MaybeAuthenticated(caller) = MaybeAuthenticated::from_request_parts(parts, state).await?;
        let caller = caller.map_or_else(|| "anonymous".to_owned(), |actor| actor.user.to_string());
        let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let route = format!("{} {path}", parts.method);
        // Two requests of one route are the same if their paths and bodies are equal.
        let body = parts.extensions.get::<RawBody>().map(|body| body.0.clone()).unwrap_or_default();
        let fingerprint = state.mac_key().mac("fingerprint", &[parts.uri.path().as_bytes(), &body]);
        let record = IdempotencyRecord::for_request(&caller, &route, &key, fingerprint, context.at);
        Ok(Self(context.once(record)))
    }
}

impl<S: ApiState> FromRequestParts<S> for IdempotencyKeyRequired {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Idempotent(context) = Idempotent::from_request_parts(parts, state).await?;
        if context.idempotency_record.is_some() { Ok(Self(context)) } else { Err(required()) }
    }
}

impl<S: ApiState> FromRequestParts<S> for LeasedIdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Idempotent(context) = Idempotent::from_request_parts(parts, state).await?;
        let record = context.idempotency_record.ok_or_else(required)?;
        Ok(Self(Claim {
            scope: record.scope,
            fingerprint: record.fingerprint.unwrap_or_default(),
            term: HTTP_LEASE,
            retention: HTTP_RETENTION,
        }))
    }
}

fn required() -> ApiError {
    ApiError::new(ErrorCode::IdempotencyKeyRequired, "the Idempotency-Key header is required")
}

/// Rule for the header. A comma separates the values of repeated headers, which API Gateway joins.
const RULE: &str = "must be one value of 1 to 255 visible ASCII characters without commas";

/// Idempotency key of the request; `None` without the header.
///
/// # Errors
/// [`ErrorCode::IdempotencyKeyInvalid`] if the header breaks its rule.
fn key(parts: &Parts) -> Result<Option<String>, ApiError> {
    let is_valid = |key: &&str| {
        (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',')
    };
    match single_header(&parts.headers, HEADER) {
        Ok(None) => Ok(None),
        Ok(Some(key)) if is_valid(&key) => Ok(Some(key.to_owned())),
        _ => {
            let message = format!("the Idempotency-Key header {RULE}");
            Err(ApiError::new(ErrorCode::IdempotencyKeyInvalid, message).with_field("Idempotency-Key", RULE))
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(values: &[&str]) -> Result<Option<String>, ErrorCode> {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.headers =
            values.iter().map(|value| (HEADER.parse().unwrap(), value.parse().unwrap())).collect();
        key(&parts).map_err(|error| error.code())
    }

    /// Draft `idempotency-key-header`: the header is an item, not a list.
    #[test]
    fn idempotency_key_must_be_a_single_value() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["k-1"]), Ok(Some("k-1".to_owned())));
        let long = "k".repeat(256);
        for values in [
            &["a", "b"][..],
            &["a", "a"],
            &["a,b"],
            &["a, b"],
            &["a,a"],
            &["a,"],
            &[","],
            &[""],
            &["a b"],
            &[&long],
        ] {
            assert_eq!(read(values), Err(ErrorCode::IdempotencyKeyInvalid), "{values:?}");
        }
    }

    #[test]
    fn invalid_idempotency_key_is_reported_with_its_rule() {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.headers.insert(HEADER, HeaderValue::from_static("a,b"));
        let error = format!("{:?}", key(&parts).unwrap_err());
        assert!(error.contains(&format!("{{\"Idempotency-Key\": \"{RULE}\"}}")), "{error}");
    }
}

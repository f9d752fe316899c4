//! Idempotency keys: the same request, sent again, is done once and answered alike.

use axum::extract::{FromRequestParts, MatchedPath};
use http::request::Parts;

use super::caller::MaybeAuthenticated;
use crate::api::state::ApiState;
use crate::kit::command::idempotency_lease::{Claim, HTTP_LEASE};
use crate::kit::command::idempotency_record::HTTP_RETENTION;
use crate::kit::command::{CommandContext, IdempotencyRecord};
use crate::kit::error::{ApiError, ErrorCode};
use crate::kit::http::RequestInfo;
use crate::kit::http::middleware::RawBody;

/// The cause of a command, to be acted on once if the caller sent an `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotent(pub CommandContext);

/// The cause of a command, to be acted on once: the caller must send an `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKeyRequired(pub CommandContext);

/// A claim to do something once whose effect is outside the table: the caller must send an `Idempotency-Key`. For
/// [`lease::once`](crate::kit::command::idempotency_lease::once).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeasedIdempotencyKey(pub Claim);

/// The cause of a command that nobody can ask for again under a key: its answer is a secret, or it is the same however often
/// it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NonIdempotent(pub CommandContext);

const HEADER: &str = "idempotency-key";

impl<S: Send + Sync> FromRequestParts<S> for NonIdempotent {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let facts = RequestInfo::from_request_parts(parts, state).await?;
        Ok(Self(CommandContext::new(facts.correlation_id, facts.received_at)))
    }
}

impl<S: ApiState> FromRequestParts<S> for Idempotent {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let NonIdempotent(cause) = NonIdempotent::from_request_parts(parts, state).await?;
        let Some(key) = key(parts)? else { return Ok(Self(cause)) };
        let MaybeAuthenticated(caller) = MaybeAuthenticated::from_request_parts(parts, state).await?;
        let caller = caller.map_or_else(|| "anonymous".to_owned(), |actor| actor.user.to_string());
        let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let route = format!("{} {path}", parts.method);
        // The target and the body: what makes two requests of one route the same.
        let body = parts.extensions.get::<RawBody>().map(|body| body.0.clone()).unwrap_or_default();
        let fingerprint = state.seal().mac("fingerprint", &[parts.uri.path().as_bytes(), &body]);
        let receipt = IdempotencyRecord::for_request(&caller, &route, &key, fingerprint, cause.at);
        Ok(Self(cause.once(receipt)))
    }
}

impl<S: ApiState> FromRequestParts<S> for IdempotencyKeyRequired {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Idempotent(cause) = Idempotent::from_request_parts(parts, state).await?;
        if cause.receipt.is_some() { Ok(Self(cause)) } else { Err(required()) }
    }
}

impl<S: ApiState> FromRequestParts<S> for LeasedIdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Idempotent(cause) = Idempotent::from_request_parts(parts, state).await?;
        let receipt = cause.receipt.ok_or_else(required)?;
        Ok(Self(Claim {
            scope: receipt.scope,
            fingerprint: receipt.fingerprint.unwrap_or_default(),
            term: HTTP_LEASE,
            retention: HTTP_RETENTION,
        }))
    }
}

fn required() -> ApiError {
    ApiError::new(ErrorCode::IdempotencyKeyRequired, "send an Idempotency-Key header")
}

/// The key, if there is one: 1 to 255 visible ASCII characters.
fn key(parts: &Parts) -> Result<Option<String>, ApiError> {
    let mut values = parts.headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let key = value
        .to_str()
        .ok()
        .filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()));
    match (key, values.next()) {
        (Some(key), None) => Ok(Some(key.to_owned())),
        _ => Err(ApiError::new(
            ErrorCode::IdempotencyKeyInvalid,
            "the key must be 1 to 255 visible ASCII characters",
        )),
    }
}

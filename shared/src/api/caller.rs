//! Authentication of the caller. A handler declares in its arguments whether it needs an access token.

pub mod permission;

use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;
use serde::Deserialize;
use serde::de::IntoDeserializer;

use crate::api::state::ApiState;
use crate::domain::user::{Role, UserId};
use crate::domain::values::actor::Actor;
use crate::kit::auth::access_token::TokenError;
use crate::kit::error::{ApiError, ErrorCode};
use crate::kit::http::RequestInfo;
use crate::kit::http::middleware::record_caller;

/// Caller with a valid access token. A request without one is rejected with 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authenticated(pub Actor);

/// Caller with or without an access token. A token that is present must be valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaybeAuthenticated(pub Option<Actor>);

impl<S: ApiState> FromRequestParts<S> for MaybeAuthenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        if let Some(actor) = parts.extensions.get::<Actor>() {
            return Ok(Self(Some(*actor)));
        }
        let Some(token) = bearer(parts)? else { return Ok(Self(None)) };
        let request = parts.extensions.get::<RequestInfo>().ok_or_else(unauthenticated)?;
        let claims = state.verifier().verify(token, request.received_at)?;
        let user: UserId = claims.sub.parse().map_err(|_| TokenError::Invalid)?;
        let role: Result<Role, serde::de::value::Error> =
            Role::deserialize(claims.role.as_str().into_deserializer());
        let actor = Actor { user, role: role.map_err(|_| TokenError::Invalid)? };
        record_caller(&actor.user);
        parts.extensions.insert(actor);
        Ok(Self(Some(actor)))
    }
}

impl<S: ApiState> FromRequestParts<S> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        MaybeAuthenticated::from_request_parts(parts, state).await?.0.map(Self).ok_or_else(unauthenticated)
    }
}

/// Bearer token of the request; `None` without an `Authorization` header.
///
/// # Errors
/// 401 unless there is exactly one bearer token. API Gateway joins repeated headers with commas, which no
/// token contains.
fn bearer(parts: &Parts) -> Result<Option<&str>, ApiError> {
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let Some(first) = values.next() else { return Ok(None) };
    let token = first
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty() && !token.bytes().any(|byte| matches!(byte, b',' | b' ')));
    match (token, values.next()) {
        (Some(token), None) => Ok(Some(token)),
        _ => Err(unauthenticated()),
    }
}

fn unauthenticated() -> ApiError {
    ApiError::new(ErrorCode::Unauthenticated, "one access token is required: Authorization: Bearer …")
}

//! Authentication of the caller. A handler declares in its arguments whether it needs an access token.

pub mod market_access;
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
use crate::kit::http::middleware::record_caller;
use crate::kit::http::{RequestInfo, single_header};

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
    let value = single_header(&parts.headers, header::AUTHORIZATION).map_err(|_| unauthenticated())?;
    let Some(value) = value else { return Ok(None) };
    let token = value
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty() && !token.bytes().any(|byte| matches!(byte, b',' | b' ')));
    token.map(Some).ok_or_else(unauthenticated)
}

fn unauthenticated() -> ApiError {
    ApiError::new(ErrorCode::Unauthenticated, "one access token is required: Authorization: Bearer …")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6750, section 2.1, and RFC 9110, section 11.6.2: the header has one value.
    #[test]
    fn authorization_must_be_one_bearer_token() {
        let read = |values: &[&str]| {
            let (mut parts, ()) = http::Request::new(()).into_parts();
            let values = values.iter().map(|value| (header::AUTHORIZATION, value.parse().unwrap()));
            parts.headers = values.collect();
            bearer(&parts).map(|token| token.map(str::to_owned)).map_err(|error| error.code())
        };
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["bearer a.b.c"]), Ok(Some("a.b.c".to_owned())));
        for values in [
            &["Bearer a", "Bearer a"][..],
            &["Bearer a,Bearer a"],
            &["Bearer a, Bearer b"],
            &["Bearer a,"],
            &["Basic a"],
            &["Bearer"],
            &[""],
        ] {
            assert_eq!(read(values), Err(ErrorCode::Unauthenticated), "{values:?}");
        }
    }
}

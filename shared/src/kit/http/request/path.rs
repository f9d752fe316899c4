//! Ids in paths. A malformed id gets the same 404 as an unknown one.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;

use crate::kit::error::ApiError;

/// The only parameter of the path.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let parameters =
            RawPathParams::from_request_parts(parts, state).await.map_err(|_| ApiError::not_found())?;
        let id = parameters.iter().next().and_then(|(_, text)| text.parse().ok());
        id.map(Self).ok_or_else(ApiError::not_found)
    }
}

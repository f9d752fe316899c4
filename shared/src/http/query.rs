//! Query strings: closed lists of parameters, each given once.

use axum::extract::FromRequestParts;
use deserr::Deserr;
use http::request::Parts;
use serde_json::{Map, Value};

use super::error::ApiError;
use super::fields::FieldErrors;

/// The query string, as a `T` whose fields all kept their rules.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: Deserr<FieldErrors>> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut parameters = Map::new();
        for (name, value) in form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            if parameters.insert(name.clone().into_owned(), Value::String(value.into_owned())).is_some() {
                return Err(ApiError::field(name, "must be given once"));
            }
        }
        deserr::deserialize::<T, _, FieldErrors>(Value::Object(parameters)).map(Self).map_err(ApiError::from)
    }
}

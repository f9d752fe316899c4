//! Query strings: closed lists of parameters, each given at most once.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use deserr::Deserr;
use http::request::Parts;
use serde_json::{Map, Value};

use crate::kit::error::ApiError;
use crate::kit::error::field_errors::FieldErrors;

/// Query string, parsed into a valid `T`.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: Deserr<FieldErrors>> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self(RawQuery::of(parts)?.deserialize_rest()?))
    }
}

/// Parameters of a query string that have not been read yet. Parameters common to many routes are read by
/// name; the rest is the closed list of the route.
#[derive(Debug)]
pub struct RawQuery(Map<String, Value>);

impl RawQuery {
    /// Collects all parameters.
    ///
    /// # Errors
    /// [`ApiError`] naming a repeated parameter.
    pub fn of(parts: &Parts) -> Result<Self, ApiError> {
        let mut parameters = Map::new();
        for (name, value) in form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            if parameters.insert(name.clone().into_owned(), Value::String(value.into_owned())).is_some() {
                return Err(ApiError::field(name, "must not be repeated"));
            }
        }
        Ok(Self(parameters))
    }

    /// Removes and parses the parameter with this name; `None` if it is absent.
    ///
    /// # Errors
    /// [`FieldErrors`] with the rule that it breaks.
    pub fn read<T: FromStr<Err: Display>>(&mut self, name: &str) -> Result<Option<T>, FieldErrors> {
        let Some(Value::String(text)) = self.0.remove(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|rule| FieldErrors::new(name, rule))
    }

    /// Parses the remaining parameters.
    ///
    /// # Errors
    /// [`FieldErrors`] with every broken rule and every unknown parameter.
    pub fn deserialize_rest<T: Deserr<FieldErrors>>(self) -> Result<T, FieldErrors> {
        deserr::deserialize(Value::Object(self.0))
    }
}

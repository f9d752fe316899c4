//! Query strings: closed lists of parameters, each given once.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use deserr::Deserr;
use http::request::Parts;
use serde_json::{Map, Value};

use crate::kit::error::ApiError;
use crate::kit::error::field_errors::FieldErrors;

/// The query string, as a `T` whose fields all kept their rules.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: Deserr<FieldErrors>> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self(RawQuery::of(parts)?.deserialize_rest()?))
    }
}

/// The parameters of a query string that nobody has read yet. What many routes take is read by name; the rest is a
/// route's own closed list.
#[derive(Debug)]
pub struct RawQuery(Map<String, Value>);

impl RawQuery {
    /// All of them.
    ///
    /// # Errors
    /// [`ApiError`] naming a parameter that is given twice.
    pub fn of(parts: &Parts) -> Result<Self, ApiError> {
        let mut given = Map::new();
        for (name, value) in form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            if given.insert(name.clone().into_owned(), Value::String(value.into_owned())).is_some() {
                return Err(ApiError::field(name, "must be given once"));
            }
        }
        Ok(Self(given))
    }

    /// The parameter with this name, if it is given.
    ///
    /// # Errors
    /// [`FieldErrors`] with the rule that it breaks.
    pub fn read<T: FromStr<Err: Display>>(&mut self, name: &str) -> Result<Option<T>, FieldErrors> {
        let Some(Value::String(text)) = self.0.remove(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|rule| FieldErrors::one(name, rule))
    }

    /// All that is left.
    ///
    /// # Errors
    /// [`FieldErrors`] with every rule that is broken, and every parameter that `T` does not know.
    pub fn deserialize_rest<T: Deserr<FieldErrors>>(self) -> Result<T, FieldErrors> {
        deserr::deserialize(Value::Object(self.0))
    }
}

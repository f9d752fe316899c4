//! JSON bodies: parsed strictly, with all invalid fields reported together.

use std::fmt;

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use deserr::Deserr;
use http::{HeaderMap, header};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::kit::error::ApiError;
use crate::kit::error::error_code::ErrorCode;
use crate::kit::error::field_errors::FieldErrors;
use crate::kit::http::request::single_header::single_header;

/// JSON body, parsed into a valid `T`. An empty body is parsed as `{}`.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: Deserr<FieldErrors>> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let headers = request.headers().clone();
        let body = Bytes::from_request(request, state).await.map_err(ApiError::internal)?;
        if body.is_empty() {
            return check(Value::Object(Map::new())).map(Self);
        }
        require_json(&headers)?;
        check(parse(&body)?).map(Self)
    }
}

fn check<T: Deserr<FieldErrors>>(value: Value) -> Result<T, ApiError> {
    deserr::deserialize::<T, _, FieldErrors>(value).map_err(ApiError::from)
}

/// Checks the media type. RFC 8259 defines no charset parameter, but an explicit UTF-8 is accepted.
fn require_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let media_type = single_header(headers, header::CONTENT_TYPE).ok().flatten().unwrap_or_default();
    let mut parts = media_type.split(';').map(|part| part.trim().to_ascii_lowercase());
    let is_json = parts
        .next()
        .is_some_and(|media| media == "application/json" || media == "application/merge-patch+json");
    if is_json
        && parts.all(|parameter| {
            parameter.is_empty() || matches!(parameter.as_str(), "charset=utf-8" | "charset=\"utf-8\"")
        })
    {
        Ok(())
    } else {
        Err(ApiError::new(
            ErrorCode::UnsupportedMediaType,
            "the Content-Type must be application/json in UTF-8",
        ))
    }
}

/// Parses JSON strictly: no repeated keys, nothing after the value, at most 128 levels of nesting.
pub(crate) fn parse(body: &[u8]) -> Result<Value, ApiError> {
    let text = str::from_utf8(body)
        .map_err(|_| ApiError::new(ErrorCode::InvalidEncoding, "the body is not UTF-8"))?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed = Strict.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    parsed.map_err(|error| {
        let message =
            format!("the body is not valid JSON at line {}, column {}", error.line(), error.column());
        ApiError::new(ErrorCode::MalformedJson, message)
    })
}

/// Builds a value and rejects repeated keys, because parsers disagree on which of them counts.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = sequence.next_element_seed(Strict)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(Strict)?;
            if object.insert(key, value).is_some() {
                return Err(A::Error::custom("repeated key"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &[u8]) -> Option<ErrorCode> {
        parse(body).err().map(|error| error.code())
    }

    #[test]
    fn only_a_single_content_type_of_json_is_supported() {
        let is_supported = |values: &[&'static str]| {
            let values =
                values.iter().map(|value| (header::CONTENT_TYPE, http::HeaderValue::from_static(value)));
            require_json(&values.collect()).is_ok()
        };
        for supported in
            ["application/json", "Application/JSON; charset=UTF-8", "application/merge-patch+json"]
        {
            assert!(is_supported(&[supported]), "{supported}");
        }
        for other in
            ["", "text/plain", "application/json, application/json", "application/json;charset=latin1"]
        {
            assert!(!is_supported(&[other]), "{other}");
        }
        assert!(!is_supported(&["application/json", "application/json"]), "two headers");
    }

    #[test]
    fn malformed_json_is_rejected() {
        for body in ["{", "{} x", "{\"a\":1,\"a\":2}", "1e400", "[1,]", "NaN", "'a'"] {
            assert_eq!(code(body.as_bytes()), Some(ErrorCode::MalformedJson), "{body}");
        }
        assert_eq!(code("[".repeat(10_000).as_bytes()), Some(ErrorCode::MalformedJson));
        assert_eq!(code(b"\"\xff\""), Some(ErrorCode::InvalidEncoding));
    }

    #[test]
    fn valid_json_keeps_its_value() {
        let body = r#"{"a":[1,-2,3.5,true,null,"x"],"b":{"c":9007199254740993}}"#;
        assert_eq!(parse(body.as_bytes()).unwrap(), serde_json::from_str::<Value>(body).unwrap());
    }
}

//! Converts the output of a function to an HTTP response, after "Lambda function response for format 2.0" in
//! the API Gateway developer guide.

use axum::{body::Body, response::Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::{Map, Value};

/// The output of a function is not a valid response. The client receives status 500.
#[derive(Debug, thiserror::Error)]
pub enum ResponseError {
    /// The output is not JSON.
    #[error("the output is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A field has the wrong type or an invalid value.
    #[error("`{0}` is not valid")]
    Field(&'static str),
}

/// Builds the response to a request with this method. Output without a `statusCode` becomes a JSON body with
/// status 200.
///
/// # Errors
/// [`ResponseError`] if the output is not JSON or one of its fields has an invalid value.
pub fn build(payload: &[u8], method: &Method) -> Result<Response, ResponseError> {
    let output: Value = serde_json::from_slice(payload)?;
    let Some(fields) = output.as_object().filter(|fields| fields.contains_key("statusCode")) else {
        let mut response = Response::new(Body::from(output.to_string()));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        return Ok(response);
    };
    let status = fields.get("statusCode").and_then(Value::as_u64);
    let status = status.and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok());
    let mut response = Response::new(body(fields)?);
    *response.status_mut() = status.ok_or(ResponseError::Field("statusCode"))?;
    *response.headers_mut() = headers(fields, method)?;
    Ok(response)
}

fn body(fields: &Map<String, Value>) -> Result<Body, ResponseError> {
    let encoded = fields.get("isBase64Encoded").and_then(Value::as_bool).unwrap_or(false);
    match fields.get("body") {
        None | Some(Value::Null) => Ok(Body::empty()),
        Some(Value::String(text)) if encoded => {
            STANDARD.decode(text).map(Body::from).map_err(|_| ResponseError::Field("body"))
        }
        Some(Value::String(text)) => Ok(Body::from(text.clone())),
        Some(_) => Err(ResponseError::Field("body")),
    }
}

fn headers(fields: &Map<String, Value>, method: &Method) -> Result<HeaderMap, ResponseError> {
    let mut headers = HeaderMap::new();
    let single = fields.get("headers").and_then(Value::as_object);
    for (name, value) in single.into_iter().flatten() {
        let name = header_name(name)?;
        headers.insert(name, header_value(value)?);
    }
    let multiple = fields.get("multiValueHeaders").and_then(Value::as_object);
    for (name, values) in multiple.into_iter().flatten() {
        let name = header_name(name)?;
        headers.remove(&name);
        for value in values.as_array().into_iter().flatten() {
            headers.append(name.clone(), header_value(value)?);
        }
    }
    let cookies = fields.get("cookies").and_then(Value::as_array);
    for cookie in cookies.into_iter().flatten() {
        headers.append(header::SET_COOKIE, header_value(cookie)?);
    }
    // Headers of the connection, which the server sets itself. It cannot know the length of the body that is
    // absent from a response to HEAD.
    if method != Method::HEAD {
        headers.remove(header::CONTENT_LENGTH);
    }
    for name in [header::TRANSFER_ENCODING, header::CONNECTION] {
        headers.remove(name);
    }
    Ok(headers)
}

fn header_name(name: &str) -> Result<HeaderName, ResponseError> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| ResponseError::Field("headers"))
}

fn header_value(value: &Value) -> Result<HeaderValue, ResponseError> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return Err(ResponseError::Field("headers")),
    };
    HeaderValue::from_str(&text).map_err(|_| ResponseError::Field("headers"))
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use serde_json::json;

    use super::*;

    async fn parts(output: Value) -> (u16, HeaderMap, Vec<u8>) {
        let response = build(output.to_string().as_bytes(), &Method::GET).unwrap();
        let (parts, body) = response.into_parts();
        (parts.status.as_u16(), parts.headers, to_bytes(body, 1_000).await.unwrap().to_vec())
    }

    #[tokio::test]
    async fn response_has_status_headers_cookies_and_body_of_output() {
        let (status, headers, body) = parts(json!({
            "statusCode": 201,
            "headers": { "ETag": "\"1\"", "content-length": "99" },
            "multiValueHeaders": { "etag": ["\"1\""], "x-two": ["a", "b"] },
            "cookies": ["one=1", "two=2"],
            "body": "aGk=",
            "isBase64Encoded": true,
        }))
        .await;
        assert_eq!((status, body.as_slice()), (201, &b"hi"[..]));
        let all = |name: &str| {
            headers.get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(all("etag"), ["\"1\""]);
        assert_eq!(all("x-two"), ["a", "b"]);
        assert_eq!(all("set-cookie"), ["one=1", "two=2"]);
        assert!(all("content-length").is_empty());
    }

    /// RFC 9110, section 9.3.2.
    #[test]
    fn response_to_head_keeps_the_length_of_the_function() {
        let output = json!({ "statusCode": 200, "headers": { "content-length": "99" }, "body": "" });
        let response = build(output.to_string().as_bytes(), &Method::HEAD).unwrap();
        assert_eq!(response.headers()["content-length"], "99");
    }

    #[tokio::test]
    async fn output_without_status_code_becomes_a_json_body() {
        let (status, headers, body) = parts(json!({ "a": 1 })).await;
        assert_eq!((status, body.as_slice()), (200, &br#"{"a":1}"#[..]));
        assert_eq!(headers["content-type"], "application/json");
    }

    #[test]
    fn invalid_output_is_refused() {
        assert!(matches!(build(b"oops", &Method::GET), Err(ResponseError::Json(_))));
        assert!(matches!(
            build(br#"{"statusCode":"x"}"#, &Method::GET),
            Err(ResponseError::Field("statusCode"))
        ));
        assert!(matches!(
            build(br#"{"statusCode":9000}"#, &Method::GET),
            Err(ResponseError::Field("statusCode"))
        ));
        assert!(matches!(
            build(br#"{"statusCode":200,"body":{}}"#, &Method::GET),
            Err(ResponseError::Field("body"))
        ));
    }
}

//! CORS, after "Configure CORS for HTTP APIs" in the API Gateway developer guide: the gateway responds to
//! preflight requests itself, adds its headers to every other response, and removes CORS headers that a
//! function sets.

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};

use crate::template::Cors;

/// Response to a preflight request. `None` if the request is not a preflight request.
#[must_use]
pub fn preflight<B>(cors: &Cors, request: &Request<B>) -> Option<Response> {
    let headers = request.headers();
    let origin = headers.get(header::ORIGIN)?;
    headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
    if request.method() != Method::OPTIONS {
        return None;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    if !allow_origin(cors, Some(origin), headers) {
        return Some(response);
    }
    set(headers, header::ACCESS_CONTROL_ALLOW_METHODS, &cors.allow_methods.join(","));
    set(headers, header::ACCESS_CONTROL_ALLOW_HEADERS, &cors.allow_headers.join(","));
    if let Some(seconds) = cors.max_age {
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from(seconds));
    }
    Some(response)
}

/// Adds the CORS headers to a response. Only allowed origins get any.
pub fn decorate(cors: &Cors, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
    let own: Vec<_> =
        headers.keys().filter(|name| name.as_str().starts_with("access-control-")).cloned().collect();
    for name in own {
        headers.remove(name);
    }
    if allow_origin(cors, origin, headers) {
        set(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, &cors.expose_headers.join(","));
    }
}

fn allow_origin(cors: &Cors, origin: Option<&HeaderValue>, headers: &mut HeaderMap) -> bool {
    let Some(origin) = origin else { return false };
    let any = cors.allow_origins.iter().any(|allowed| allowed == "*");
    if !any && !cors.allow_origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()) {
        return false;
    }
    let allowed = if any { HeaderValue::from_static("*") } else { origin.clone() };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    if cors.allow_credentials {
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    true
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let (false, Ok(value)) = (value.is_empty(), HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cors() -> Cors {
        Cors {
            allow_origins: vec!["http://localhost:3000".to_owned()],
            allow_methods: vec!["GET".to_owned(), "POST".to_owned()],
            allow_headers: vec!["if-match".to_owned()],
            expose_headers: vec!["etag".to_owned()],
            max_age: Some(600),
            allow_credentials: false,
        }
    }

    fn request_preflight(method: &str, origin: &str) -> Option<Response> {
        let request = Request::builder()
            .method(method)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .body(())
            .unwrap();
        preflight(&cors(), &request)
    }

    #[test]
    fn preflight_of_allowed_origin_gets_all_cors_headers() {
        let response = request_preflight("OPTIONS", "http://localhost:3000").unwrap();
        let header = |name: &str| response.headers()[name].to_str().unwrap();
        assert_eq!(response.status(), 204);
        assert_eq!(header("access-control-allow-origin"), "http://localhost:3000");
        assert_eq!(header("access-control-allow-methods"), "GET,POST");
        assert_eq!(header("access-control-allow-headers"), "if-match");
        assert_eq!(header("access-control-max-age"), "600");
    }

    #[test]
    fn preflight_of_other_origin_gets_no_cors_headers() {
        let response = request_preflight("OPTIONS", "http://localhost:3001").unwrap();
        assert_eq!(response.status(), 204);
        assert!(response.headers().is_empty());
    }

    #[test]
    fn other_requests_are_not_preflight_requests() {
        assert!(request_preflight("POST", "http://localhost:3000").is_none());
        let plain = Request::builder().method("OPTIONS").body(()).unwrap();
        assert!(preflight(&cors(), &plain).is_none());
    }

    #[test]
    fn cors_headers_of_the_function_are_replaced() {
        let origin = HeaderValue::from_static("http://localhost:3000");
        let mut headers = HeaderMap::new();
        headers.insert("access-control-allow-origin", HeaderValue::from_static("*"));
        decorate(&cors(), Some(&origin), &mut headers);
        assert_eq!(headers["access-control-allow-origin"], "http://localhost:3000");
        assert_eq!(headers["access-control-expose-headers"], "etag");
        decorate(&cors(), None, &mut headers);
        assert!(headers.is_empty());
    }
}

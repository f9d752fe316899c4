//! Repairs API Gateway events on which the runtime's own conversion panics.
//!
//! No client input may end an invocation without an error response of the API.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header;
use lambda_http::request::LambdaRequest;

/// A byte that is invalid in UTF-8, in base64. It replaces a body that is not valid base64, so that the body
/// is rejected because of its encoding.
const INVALID_UTF8_BODY: &str = "gA==";

/// Repairs or removes the parts of a request that cannot be converted: a body in broken base64, a path or
/// query that is invalid in a URI, an invalid host. Host and scheme are not used anywhere.
#[must_use]
pub fn sanitize(request: LambdaRequest) -> LambdaRequest {
    let LambdaRequest::ApiGatewayV2(mut request) = request else { return request };
    request.headers.remove(header::HOST);
    request.request_context.domain_name = None;
    request.raw_path = request.raw_path.filter(|path| path.starts_with('/'));
    request.raw_query_string = request.raw_query_string.map(|query| escape_query(&query));
    let broken = |body: &String| request.is_base64_encoded && STANDARD.decode(body).is_err();
    if request.body.as_ref().is_some_and(broken) {
        request.body = Some(INVALID_UTF8_BODY.to_owned());
    }
    LambdaRequest::ApiGatewayV2(request)
}

/// Percent-encodes all bytes that are not allowed in a query (RFC 3986, section 3.4). The parameters stay the
/// same.
fn escape_query(query: &str) -> String {
    let mut escaped = String::with_capacity(query.len());
    for byte in query.bytes() {
        let allowed = byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%[]".contains(&byte);
        if allowed {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(form_urlencoded::byte_serialize(&[byte]).next().unwrap_or_default());
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use test_support::lambda_event::request_event;

    use super::*;

    fn read(event: &Value) -> lambda_http::Request {
        sanitize(serde_json::from_value(event.clone()).unwrap()).into()
    }

    #[test]
    fn hostile_client_input_is_converted_to_a_request() {
        let plain = request_event("POST", "/v1/orders", &[], Some(&json!({})));
        for (pointer, hostile) in [
            ("/rawQueryString", "a=<b>&c=\"d\"#e \u{e9}\\^`{|}\n"),
            ("/rawPath", ":no-path"),
            ("/rawPath", "/v1/<orders> \u{e9}\\\n"),
            ("/requestContext/domainName", "not a host"),
            ("/headers/host", "[::"),
            ("/headers/x-forwarded-proto", "://"),
        ] {
            let mut event = plain.clone();
            let parent = pointer.rsplit_once('/').unwrap();
            let place = if parent.0.is_empty() { &mut event } else { event.pointer_mut(parent.0).unwrap() };
            place[parent.1] = json!(hostile);
            assert_eq!(read(&event).method(), "POST", "{pointer} {hostile}");
        }
    }

    #[test]
    fn escaping_a_query_keeps_its_parameters() {
        let query = "search=<b> \u{e9}&x=%3C+\"1\"&y=a%20b";
        let pairs = |query: &str| form_urlencoded::parse(query.as_bytes()).into_owned().collect::<Vec<_>>();
        assert_eq!(pairs(&escape_query(query)), pairs(query));
        assert_eq!(escape_query("limit=1&cursor=a.b-c_d"), "limit=1&cursor=a.b-c_d");
    }

    #[test]
    fn body_in_broken_base64_becomes_invalid_utf8() {
        let mut event = request_event("POST", "/v1/orders", &[], Some(&Value::Null));
        event["isBase64Encoded"] = json!(true);
        for (body, bytes) in [("***", b"\x80".as_slice()), ("e30", b"\x80"), ("e30=", b"{}")] {
            event["body"] = json!(body);
            assert_eq!(&read(&event).body()[..], bytes, "{body}");
        }
    }
}

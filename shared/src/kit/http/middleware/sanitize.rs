//! Events of API Gateway that the runtime's own conversion panics on, made into ones that it reads.
//!
//! What a client sends must never end an invocation without an answer in the API's own words.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header;
use lambda_http::request::LambdaRequest;

/// A byte that begins no character of UTF-8, in base64: what stands for a body that is no base64 itself, so that whoever
/// reads the body says that it is not text.
const INVALID_UTF8_BODY: &str = "gA==";

/// The request with nothing in it that cannot be read: a body in broken base64, a path or a query that is no URI's, a
/// host that is none. The host and the scheme are not looked at anywhere.
#[must_use]
pub fn sanitize(request: LambdaRequest) -> LambdaRequest {
    let LambdaRequest::ApiGatewayV2(mut request) = request else { return request };
    request.headers.remove(header::HOST);
    request.request_context.domain_name = None;
    request.raw_path = request.raw_path.filter(|path| path.starts_with('/'));
    request.raw_query_string = request.raw_query_string.map(|query| escaped(&query));
    let broken = |body: &String| request.is_base64_encoded && STANDARD.decode(body).is_err();
    if request.body.as_ref().is_some_and(broken) {
        request.body = Some(INVALID_UTF8_BODY.to_owned());
    }
    LambdaRequest::ApiGatewayV2(request)
}

/// The query with all bytes escaped that none may hold (RFC 3986, section 3.4). Reading it gives the same parameters.
fn escaped(query: &str) -> String {
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
    use test_support::lambda_event::of_request;

    use super::*;

    fn read(event: &Value) -> lambda_http::Request {
        sanitize(serde_json::from_value(event.clone()).unwrap()).into()
    }

    #[test]
    fn whatever_a_client_sends_becomes_a_request() {
        let plain = of_request("POST", "/v1/orders", &[], Some(&json!({})));
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
    fn a_query_says_the_same_escaped() {
        let query = "search=<b> \u{e9}&x=%3C+\"1\"&y=a%20b";
        let pairs = |query: &str| form_urlencoded::parse(query.as_bytes()).into_owned().collect::<Vec<_>>();
        assert_eq!(pairs(&escaped(query)), pairs(query));
        assert_eq!(escaped("limit=1&cursor=a.b-c_d"), "limit=1&cursor=a.b-c_d");
    }

    #[test]
    fn a_body_in_broken_base64_is_no_text_and_a_whole_one_stays() {
        let mut event = of_request("POST", "/v1/orders", &[], Some(&Value::Null));
        event["isBase64Encoded"] = json!(true);
        for (body, bytes) in [("***", b"\x80".as_slice()), ("e30", b"\x80"), ("e30=", b"{}")] {
            event["body"] = json!(body);
            assert_eq!(&read(&event).body()[..], bytes, "{body}");
        }
    }
}

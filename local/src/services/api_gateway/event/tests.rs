use std::{collections::BTreeMap, net::SocketAddr};

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use super::{Context, Incoming, build};
use crate::services::api_gateway::route::RouteMatch;

fn event(request: Request<&'static [u8]>) -> Value {
    let (parts, body) = request.into_parts();
    let matched = RouteMatch {
        route_key: "ANY /v1/users/{id}".to_owned(),
        function: "api-users",
        parameters: BTreeMap::from([("id".to_owned(), "a b".to_owned())]),
    };
    let context = Context {
        peer: SocketAddr::from(([192, 0, 2, 1], 5000)),
        request_id: "id=",
        trace: "Root=1-0-0",
        now: "2026-03-12T19:03:58Z".parse().unwrap(),
        matched: &matched,
    };
    build(&Incoming { parts: &parts, body: &Bytes::from_static(body) }, &context)
}

fn expected() -> Value {
    json!({
        "version": "2.0",
        "routeKey": "ANY /v1/users/{id}",
        "rawPath": "/v1/users/a%20b",
        "rawQueryString": "x=1&x=2&y=%C3%A9",
        "cookies": ["one=1", "two=2"],
        "headers": {
            "content-type": "application/json; charset=utf-8",
            "host": "127.0.0.1:3000",
            "user-agent": "test",
            "x-amzn-trace-id": "Root=1-0-0",
            "x-forwarded-for": "203.0.113.9, 192.0.2.1",
            "x-forwarded-port": "3000",
            "x-forwarded-proto": "http",
            "x-two": "a,b",
        },
        "queryStringParameters": { "x": "1,2", "y": "é" },
        "pathParameters": { "id": "a b" },
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": "127.0.0.1",
            "domainPrefix": "127",
            "http": {
                "method": "POST",
                "path": "/v1/users/a%20b",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "test",
            },
            "requestId": "id=",
            "routeKey": "ANY /v1/users/{id}",
            "stage": "$default",
            "time": "12/Mar/2026:19:03:58 +0000",
            "timeEpoch": 1_773_342_238_000_i64,
        },
        "body": r#"{"a":1}"#,
        "isBase64Encoded": false,
    })
}

#[test]
fn event_has_the_fields_of_payload_format_2() {
    let request = Request::post("/v1/users/a%20b?x=1&x=2&y=%C3%A9")
        .header("Host", "127.0.0.1:3000")
        .header("Content-Type", "application/json; charset=utf-8")
        .header("X-Two", "a")
        .header("X-Two", "b")
        .header("Cookie", "one=1; two=2")
        .header("User-Agent", "test")
        .header("X-Forwarded-For", "203.0.113.9")
        .body(&br#"{"a":1}"#[..])
        .unwrap();
    assert_eq!(event(request), expected());
}

#[test]
fn absent_body_query_and_cookies_are_omitted_from_the_event() {
    let event = event(Request::get("/v1/users/u").body(&[][..]).unwrap());
    for absent in ["body", "cookies", "queryStringParameters", "stageVariables"] {
        assert_eq!(event.get(absent), None, "{absent}");
    }
    assert_eq!(event["rawQueryString"], "");
    assert_eq!(event["isBase64Encoded"], false);
}

#[test]
fn bodies_that_are_not_text_are_base64_encoded() {
    let post = |kind: &str, body: &'static [u8]| {
        let event = event(Request::post("/").header("content-type", kind).body(body).unwrap());
        (event["isBase64Encoded"].clone(), event["body"].clone())
    };
    assert_eq!(post("application/octet-stream", b"hi"), (json!(true), json!("aGk=")));
    assert_eq!(post("application/merge-patch+json", b"{}"), (json!(true), json!("e30=")));
    assert_eq!(post("application/json", b"\xff"), (json!(true), json!("/w==")));
    assert_eq!(post("text/plain", b"hi"), (json!(false), json!("hi")));
}

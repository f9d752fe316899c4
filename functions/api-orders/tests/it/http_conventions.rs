//! What holds for every route of the function.

use serde_json::{Value, json};
use test_support::fixture::{ORDER, buyer};
use test_support::lambda_event::{Answer, of_request};

use super::{Orders, two_mugs};

impl Orders {
    /// Sends an order whose body is this text, with these further headers.
    async fn raw(&self, headers: &[(&str, &str)], body: &str) -> Answer {
        let token = self.scene.token(buyer());
        let mut all = vec![("authorization", token.as_str()), ("idempotency-key", "k1")];
        all.extend(headers);
        let mut event = of_request("POST", "/v1/orders", &all, Some(&Value::Null));
        event["body"] = json!(body);
        self.send(&event).await
    }
}

#[tokio::test]
async fn a_method_that_a_resource_does_not_know_is_answered_with_those_it_does() {
    let orders = Orders::open().await;
    let cases = [
        ("DELETE", "/v1/orders".to_owned(), vec!["GET", "HEAD", "POST"]),
        ("POST", format!("/v1/orders/{ORDER}"), vec!["GET", "HEAD"]),
        ("PUT", format!("/v1/orders/{ORDER}/timeline"), vec!["GET", "HEAD"]),
        ("GET", format!("/v1/orders/{ORDER}/cancel"), vec!["POST"]),
    ];
    for (method, path, known) in cases {
        let answer = orders.send(&of_request(method, &path, &[], None)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (405, "METHOD_NOT_ALLOWED"), "{path}");
        let allow = answer.header("allow").unwrap();
        let mut allowed: Vec<&str> = allow.split(',').map(str::trim).collect();
        allowed.sort_unstable();
        assert_eq!(allowed, known, "{path}");
        assert_eq!(answer.header("content-type").unwrap(), "application/problem+json");
    }
}

#[tokio::test]
async fn a_path_that_leads_nowhere_is_not_found() {
    let orders = Orders::open().await;
    for path in ["/v1", "/v1/orders/", "/v1/orders/a/b/c", "/V1/ORDERS"] {
        let answer = orders.get(buyer(), path).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "NOT_FOUND"), "{path}");
    }
}

#[tokio::test]
async fn only_json_is_answered() {
    let orders = Orders::open().await;
    let token = orders.scene.token(buyer());
    for (accept, status) in [("text/html", 406), ("application/json;q=0", 406), ("text/html, */*;q=0.1", 200)]
    {
        let headers = [("authorization", token.as_str()), ("accept", accept)];
        let answer = orders.send(&of_request("GET", "/v1/orders", &headers, None)).await;
        assert_eq!(answer.status, status, "{accept}");
        assert_eq!(answer.code() == "NOT_ACCEPTABLE", status == 406, "{accept}");
    }
}

#[tokio::test]
async fn only_json_in_utf_8_is_read() {
    let orders = Orders::open().await;
    let order = two_mugs().to_string();
    for media in [
        "text/plain",
        "application/xml",
        "application/json; charset=latin1",
        "application/x-www-form-urlencoded",
    ] {
        let answer = orders.raw(&[("content-type", media)], &order).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (415, "UNSUPPORTED_MEDIA_TYPE"),
            "{media}"
        );
    }
    let answer = orders.raw(&[("content-type", "application/json; charset=UTF-8")], &order).await;
    assert_eq!(answer.status, 201);
}

#[tokio::test]
async fn a_body_is_read_up_to_256_kib() {
    let orders = Orders::open().await;
    let order = two_mugs().to_string();
    let padded = |length: usize| format!("{order}{}", " ".repeat(length - order.len()));
    let over = orders.raw(&[], &padded(256 * 1024 + 1)).await;
    assert_eq!((over.status.as_u16(), over.code().as_str()), (413, "PAYLOAD_TOO_LARGE"));
    assert_eq!(orders.raw(&[], &padded(256 * 1024)).await.status, 201);
}

#[tokio::test]
async fn what_is_not_strictly_json_is_malformed() {
    let orders = Orders::open().await;
    let twice = r#"{"items":[],"items":[{"productId":"prd_01J8Z3K5V0ABCDEFGHJKMNPQRS","quantity":1}]}"#;
    let nested_twice = r#"{"items":[{"quantity":1,"quantity":2}]}"#;
    for body in ["{", "{} {}", "[1,]", "{'items':1}", twice, nested_twice, &"[".repeat(5_000)] {
        let answer = orders.raw(&[], body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "MALFORMED_JSON"), "{body}");
    }
}

#[tokio::test]
async fn a_body_in_base64_is_read_as_what_it_stands_for() {
    let orders = Orders::open().await;
    let token = orders.scene.token(buyer());
    let headers = [("authorization", token.as_str()), ("idempotency-key", "k1")];
    let mut event = of_request("POST", "/v1/orders", &headers, Some(&Value::Null));
    event["isBase64Encoded"] = json!(true);
    // A lone continuation byte: no UTF-8.
    event["body"] = json!("gA==");
    let answer = orders.send(&event).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "INVALID_ENCODING"));
    // `{}`.
    event["body"] = json!("e30=");
    assert_eq!(orders.send(&event).await.json()["error"]["fields"], json!({ "items": "is required" }));
}

#[tokio::test]
async fn a_body_of_another_kind_than_an_object_breaks_a_rule() {
    let orders = Orders::open().await;
    for body in ["[]", "null", "7", "\"x\""] {
        let answer = orders.raw(&[], body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "VALIDATION_ERROR"), "{body}");
    }
}

#[tokio::test]
async fn the_correlation_id_is_the_callers_if_it_keeps_to_its_rule() {
    let orders = Orders::open().await;
    let token = orders.scene.token(buyer());
    let long = "a".repeat(129);
    for (offered, kept) in [
        ("checkout-7.f_3", true),
        ("", false),
        ("a b", false),
        ("é", false),
        ("a=", false),
        (long.as_str(), false),
    ] {
        let headers = [("authorization", token.as_str()), ("x-correlation-id", offered)];
        let answer = orders.send(&of_request("GET", "/v1/orders", &headers, None)).await;
        let request = answer.header("x-request-id").unwrap();
        assert_eq!(request, "JKJaXmPLvHcESHA=");
        let expected = if kept { offered.to_owned() } else { request };
        assert_eq!(answer.header("x-correlation-id").unwrap(), expected, "{offered}");
    }
}

#[tokio::test]
async fn an_error_is_a_problem_that_quotes_the_request() {
    let orders = Orders::open().await;
    let answer = orders.get(buyer(), &format!("/v1/orders/{ORDER}")).await;
    let expected = json!({
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "there is no such resource",
        "instance": "JKJaXmPLvHcESHA=",
        "error": { "code": "NOT_FOUND", "message": "there is no such resource" },
    });
    assert_eq!(answer.json(), expected);
    assert_eq!(answer.header("content-type").unwrap(), "application/problem+json");
    assert_eq!(answer.header("cache-control").unwrap(), "no-store");
}

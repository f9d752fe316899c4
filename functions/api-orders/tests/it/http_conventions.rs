//! HTTP conventions that every route follows.

use serde_json::{Value, json};
use test_support::fixture::{MARKET, ORDER, buyer, seller};
use test_support::lambda_event::RouterResponse;

use super::{Orders, two_mugs};

impl Orders {
    /// Places an order with this text as the body and with additional headers.
    async fn place_raw(&self, headers: &[(&str, &str)], body: &str) -> RouterResponse {
        let request = self.api.post("/v1/orders").by(buyer()).key("k1").headers(headers).json(&Value::Null);
        let mut event = request.event();
        event["body"] = json!(body);
        self.api.send(&event).await
    }
}

#[tokio::test]
async fn unsupported_method_gets_405_with_the_allowed_methods() {
    let orders = Orders::new().await;
    let cases = [
        ("DELETE", "/v1/orders".to_owned(), vec!["GET", "HEAD", "POST"]),
        ("POST", format!("/v1/orders/{ORDER}"), vec!["GET", "HEAD"]),
        ("PUT", format!("/v1/orders/{ORDER}/timeline"), vec!["GET", "HEAD"]),
        ("GET", format!("/v1/orders/{ORDER}/cancel"), vec!["POST"]),
    ];
    for (method, path, expected) in cases {
        let response = orders.api.request(method, &path).await;
        assert_eq!(response.error(), (405, "METHOD_NOT_ALLOWED"), "{path}");
        let allow = response.header("allow").unwrap();
        let mut allowed: Vec<&str> = allow.split(',').map(str::trim).collect();
        allowed.sort_unstable();
        assert_eq!(allowed, expected, "{path}");
        assert_eq!(response.header("content-type").unwrap(), "application/problem+json");
    }
}

#[tokio::test]
async fn unknown_path_is_not_found() {
    let orders = Orders::new().await;
    for path in ["/v1", "/v1/orders/", "/v1/orders/a/b/c", "/V1/ORDERS"] {
        let response = orders.api.get(path).by(buyer()).await;
        assert_eq!(response.error(), (404, "NOT_FOUND"), "{path}");
    }
}

#[tokio::test]
async fn accept_header_without_json_gets_406() {
    let orders = Orders::new().await;
    for (accept, status) in [
        ("image/png", 406),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("application/json;q=0, */*", 406),
        ("image/png, */*;q=0.1", 200),
    ] {
        let response = orders.api.get("/v1/orders").by(buyer()).header("accept", accept).await;
        assert_eq!(response.status, status, "{accept}");
        assert_eq!(response.code() == "NOT_ACCEPTABLE", status == 406, "{accept}");
    }
}

#[tokio::test]
async fn content_type_other_than_utf_8_json_gets_415() {
    let orders = Orders::new().await;
    let order = two_mugs().to_string();
    for media in [
        "text/plain",
        "application/xml",
        "application/json; charset=latin1",
        "application/x-www-form-urlencoded",
    ] {
        let response = orders.place_raw(&[("content-type", media)], &order).await;
        assert_eq!(response.error(), (415, "UNSUPPORTED_MEDIA_TYPE"), "{media}");
    }
    let response = orders.place_raw(&[("content-type", "application/json; charset=UTF-8")], &order).await;
    assert_eq!(response.status, 201);
}

#[tokio::test]
async fn body_larger_than_256_kib_gets_413() {
    let orders = Orders::new().await;
    let order = two_mugs().to_string();
    let padded = |length: usize| format!("{order}{}", " ".repeat(length - order.len()));
    let too_large = orders.place_raw(&[], &padded(256 * 1024 + 1)).await;
    assert_eq!(too_large.error(), (413, "PAYLOAD_TOO_LARGE"));
    assert_eq!(orders.place_raw(&[], &padded(256 * 1024)).await.status, 201);
}

#[tokio::test]
async fn invalid_json_and_repeated_keys_are_malformed() {
    let orders = Orders::new().await;
    let twice = r#"{"items":[],"items":[{"productId":"prd_01J8Z3K5V0ABCDEFGHJKMNPQRS","quantity":1}]}"#;
    let nested_twice = r#"{"items":[{"quantity":1,"quantity":2}]}"#;
    for body in ["{", "{} {}", "[1,]", "{'items':1}", twice, nested_twice, &"[".repeat(5_000)] {
        let response = orders.place_raw(&[], body).await;
        assert_eq!(response.error(), (400, "MALFORMED_JSON"), "{body}");
    }
}

#[tokio::test]
async fn base64_body_is_decoded() {
    let orders = Orders::new().await;
    let mut event = orders.api.post("/v1/orders").by(buyer()).key("k1").json(&Value::Null).event();
    event["isBase64Encoded"] = json!(true);
    // A lone continuation byte, which is not UTF-8.
    event["body"] = json!("gA==");
    let response = orders.api.send(&event).await;
    assert_eq!(response.error(), (400, "INVALID_ENCODING"));
    // `{}`.
    event["body"] = json!("e30=");
    assert_eq!(orders.api.send(&event).await.json()["error"]["fields"], json!({ "items": "is required" }));
}

#[tokio::test]
async fn body_that_is_not_an_object_is_a_validation_error() {
    let orders = Orders::new().await;
    for body in ["[]", "null", "7", "\"x\""] {
        let response = orders.place_raw(&[], body).await;
        assert_eq!(response.error(), (400, "VALIDATION_ERROR"), "{body}");
    }
}

#[tokio::test]
async fn valid_correlation_id_of_the_caller_is_kept() {
    let orders = Orders::new().await;
    let long = "a".repeat(129);
    for (sent, is_kept) in [
        ("checkout-7.f_3", true),
        ("", false),
        ("a b", false),
        ("é", false),
        ("a=", false),
        (long.as_str(), false),
    ] {
        let response = orders.api.get("/v1/orders").by(buyer()).header("x-correlation-id", sent).await;
        let request_id = response.header("x-request-id").unwrap();
        assert_eq!(request_id, "JKJaXmPLvHcESHA=");
        let expected = if is_kept { sent.to_owned() } else { request_id };
        assert_eq!(response.header("x-correlation-id").unwrap(), expected, "{sent}");
    }
}

#[tokio::test]
async fn refusals_name_the_order_and_the_missing_permission() {
    let orders = Orders::new().await;
    orders.marketplace.order(None).await;
    let ship = json!({ "carrier": "DHL", "trackingNumber": "1" });
    let shipped = orders.api.post(&format!("/v1/orders/{ORDER}/ship")).by(seller()).json(&ship).await;
    assert_eq!(shipped.error(), (409, "INVALID_STATE"));
    let message = shipped.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with(&format!("order {ORDER} cannot be marked as shipped")), "{message}");
    let foreign = orders.api.get(&format!("/v1/orders?marketId={MARKET}")).by(buyer()).await;
    assert_eq!(foreign.error(), (403, "FORBIDDEN"));
    assert_eq!(foreign.json()["error"]["permission"], "orders:read-any");
    let by_buyer = orders.api.post(&format!("/v1/orders/{ORDER}/deliver")).by(buyer()).await;
    assert_eq!(by_buyer.error(), (403, "FORBIDDEN"));
    assert!(by_buyer.json()["error"].get("permission").is_none(), "no permission allows it");
}

#[tokio::test]
async fn error_is_a_problem_with_the_request_id() {
    let orders = Orders::new().await;
    let response = orders.api.get(&format!("/v1/orders/{ORDER}")).by(buyer()).await;
    let message = format!("order {ORDER} does not exist");
    let expected = json!({
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": message,
        "instance": "JKJaXmPLvHcESHA=",
        "error": { "code": "NOT_FOUND", "message": message },
    });
    assert_eq!(response.json(), expected);
    assert_eq!(response.header("content-type").unwrap(), "application/problem+json");
    assert_eq!(response.header("cache-control").unwrap(), "no-store");
}

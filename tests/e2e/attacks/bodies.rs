//! Invalid bodies, numbers, parameters and media types.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use test_support::app::RequestBuilder;
use test_support::lambda_event::request_event;

use super::report::{Expected, Report, done, invalid, refused};
use crate::attacks::fixture::{Fixture, a_product};

const MALFORMED: Expected = refused(400, "MALFORMED_JSON");
const JSON: &str = "application/json";

pub(super) async fn run(fixture: &Fixture, report: &mut Report) {
    report.begin("bodies");
    syntax(fixture, report).await;
    encodings(fixture, report).await;
    texts(fixture, report).await;
    lines(fixture, report).await;
    numbers(fixture, report).await;
    deltas(fixture, report).await;
    items(fixture, report).await;
    parameters(fixture, report).await;
    times(fixture, report).await;
    negotiation(fixture, report).await;
    accepted_media_types(fixture, report).await;
    content_codings(fixture, report).await;
}

/// A request to place an order with this body and media type.
fn order<'a>(fixture: &'a Fixture, media_type: &str, body: impl Into<Vec<u8>>) -> RequestBuilder<'a> {
    let key = local::system::aws_ids::uuid();
    fixture.app.request(Method::POST, "/v1/orders").by(&fixture.buyer).key(&key).body(media_type, body)
}

async fn syntax(fixture: &Fixture, report: &mut Report) {
    let valid = fixture.an_order().to_string();
    let twice = format!("{{\"items\":[],{}", &valid[1..]);
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    for (name, body) in [
        ("truncated", valid[..valid.len() - 1].to_owned()),
        ("trailing", format!("{valid} x")),
        ("two values", format!("{valid}{valid}")),
        ("a key twice", twice),
        ("a key twice below", r#"{"items":[{"quantity":1,"quantity":2}]}"#.to_owned()),
        ("10,000 deep", deep(10_000)),
        ("10,000 objects deep", "{\"a\":".repeat(10_000)),
        ("single quotes", "{'items':[]}".to_owned()),
        ("a comma too many", r#"{"items":[],}"#.to_owned()),
        ("a comment", r#"{"items":[]/**/}"#.to_owned()),
        ("NaN", r#"{"items":NaN}"#.to_owned()),
        ("1e400", format!(r#"{{"items":[{{"productId":"{}","quantity":1e400}}]}}"#, fixture.product)),
        ("a lone surrogate", r#"{"items":"\ud800"}"#.to_owned()),
    ] {
        report.row(&format!("JSON: {name}"), order(fixture, JSON, body), MALFORMED).await;
    }
    for body in ["[]", "null", "7", "\"x\"", "true"] {
        report.row(&format!("JSON that is {body}"), order(fixture, JSON, body), invalid("body")).await;
    }
    report.row("no body", order(fixture, JSON, ""), invalid("items")).await;
}

async fn encodings(fixture: &Fixture, report: &mut Report) {
    let encoding = refused(400, "INVALID_ENCODING");
    for (name, body) in [
        ("a lone continuation byte", b"{\"items\":\"\x80\"}".to_vec()),
        ("an overlong slash", b"{\"items\":\"\xc0\xaf\"}".to_vec()),
        ("latin 1", b"{\"items\":\"caf\xe9\"}".to_vec()),
        ("UTF-16", b"\xff\xfe{\0}\0".to_vec()),
    ] {
        report.row(&format!("bad UTF-8: {name}"), order(fixture, JSON, body), encoding.clone()).await;
    }
    // API Gateway encodes bodies itself, so invalid base64 requires a direct invocation.
    for bad in ["***", "e30", "e30=e30=", "\u{e9}"] {
        let token = format!("Bearer {}", fixture.buyer.token);
        let headers = [("authorization", token.as_str()), ("idempotency-key", "base64")];
        let mut event = request_event("POST", "/v1/orders", &headers, Some(&Value::Null));
        event["body"] = json!(bad);
        event["isBase64Encoded"] = json!(true);
        let response = fixture.app.stack().invoke("api-orders", &event).await;
        let holds = response.as_ref().is_ok_and(|response| {
            let body: Value =
                serde_json::from_str(response["body"].as_str().unwrap_or_default()).unwrap_or_default();
            response["statusCode"] == 400 && body["error"]["code"] == "INVALID_ENCODING"
        });
        report.check(&format!("bad base64: {bad}"), holds, &format!("{response:?}"));
    }
}

async fn texts(fixture: &Fixture, report: &mut Report) {
    let market = |name: &str| {
        let body = json!({ "name": name, "currency": "EUR" });
        fixture.app.request(Method::POST, "/v1/markets").by(&fixture.seller).json(&body)
    };
    for (name, text) in [
        ("NUL", "a\0b"),
        ("a right-to-left override", "a\u{202e}b"),
        ("a bidi isolate", "a\u{2066}b"),
        ("CR LF", "a\r\nb"),
        ("a line feed", "a\nb"),
        ("a tab", "a\tb"),
        ("a line separator", "a\u{2028}b"),
        ("a zero-width space", "\u{200b}"),
        ("a byte order mark", "a\u{feff}"),
        ("a joiner between Latin letters", "a\u{200d}b"),
        ("a Hangul filler", "\u{3164}"),
        ("a tag", "a\u{e0041}"),
        ("only Braille blanks", "\u{2800}\u{2800}"),
        ("ANSI", "a\u{1b}[31mb"),
        ("C1", "a\u{9b}b"),
        ("empty", ""),
        ("spaces", "   "),
        ("too long", &"x".repeat(101)),
    ] {
        report.row(&format!("a name that is or has {name}"), market(text), invalid("name")).await;
    }
}

/// Fields other than descriptions have one line.
async fn lines(fixture: &Fixture, report: &mut Report) {
    let of_order = format!("/v1/orders/{}", fixture.order);
    let mut product = a_product();
    product["title"] = json!("a\nb");
    for (path, by, body, field) in [
        (format!("/v1/markets/{}/products", fixture.market), &fixture.seller, product, "title"),
        (
            format!("{of_order}/ship"),
            &fixture.seller,
            json!({ "carrier": "a\nb", "trackingNumber": "1" }),
            "carrier",
        ),
        (
            format!("{of_order}/ship"),
            &fixture.seller,
            json!({ "carrier": "DHL", "trackingNumber": "a\nb" }),
            "trackingNumber",
        ),
        (format!("{of_order}/refund"), &fixture.seller, json!({ "reason": "a\nb" }), "reason"),
        (format!("{of_order}/cancel"), &fixture.buyer, json!({ "reason": "a\nb" }), "reason"),
    ] {
        let request = fixture.app.request(Method::POST, &path).by(by).key("texts").json(&body);
        report.row(&format!("a line feed in {field} of {path}"), request, invalid(field)).await;
    }
}

async fn numbers(fixture: &Fixture, report: &mut Report) {
    let quantity = |text: &str| {
        let body = format!(r#"{{"items":[{{"productId":"{}","quantity":{text}}}]}}"#, fixture.product);
        order(fixture, JSON, body)
    };
    for text in [
        "-1",
        "0",
        "1.5",
        "\"1\"",
        "9007199254740993",
        "18446744073709551616",
        "1e3",
        "-0.0",
        "true",
        "null",
        "1001",
    ] {
        report.row(&format!("a quantity of {text}"), quantity(text), invalid("items[0].quantity")).await;
    }
    let priced = |amount: &str| {
        let body = a_product().to_string().replace("1999", amount);
        let path = format!("/v1/markets/{}/products", fixture.market);
        fixture.app.request(Method::POST, &path).by(&fixture.seller).body(JSON, body)
    };
    for amount in ["-1", "1.5", "\"1\"", "100000000", "9007199254740993"] {
        report.row(&format!("an amount of {amount}"), priced(amount), invalid("price.amount")).await;
    }
    let expensive = priced("99999999").send().await.data(StatusCode::CREATED)["id"].clone();
    let body = json!({ "items": [{ "productId": expensive, "quantity": 1_000 }] }).to_string();
    report.row("an overflowing total", order(fixture, JSON, body), invalid("items")).await;
}

async fn deltas(fixture: &Fixture, report: &mut Report) {
    for delta in ["0", "1.5", "\"1\"", "9007199254740993", "-9223372036854775809"] {
        let request = fixture
            .app
            .request(Method::POST, &format!("/v1/products/{}/stock", fixture.product))
            .by(&fixture.seller);
        report
            .row(
                &format!("a delta of {delta}"),
                request.body(JSON, format!("{{\"delta\":{delta}}}")),
                invalid("delta"),
            )
            .await;
    }
}

async fn items(fixture: &Fixture, report: &mut Report) {
    let item = json!({ "productId": fixture.product, "quantity": 1 });
    for count in [0, 51, 1_000] {
        let body = json!({ "items": vec![item.clone(); count] }).to_string();
        report.row(&format!("{count} items"), order(fixture, JSON, body), invalid("items")).await;
    }
    let body = json!({ "items": [item, item] }).to_string();
    report.row("a product twice", order(fixture, JSON, body), invalid("items[1].productId")).await;
    let absent =
        json!({ "items": [{ "productId": "prd_01J8Z3K5V0ABCDEFGHJKMNPQRS", "quantity": 1 }] }).to_string();
    report.row("an absent product", order(fixture, JSON, absent), invalid("items[0].productId")).await;
}

async fn parameters(fixture: &Fixture, report: &mut Report) {
    let get = |path: &str| fixture.app.request(Method::GET, path).by(&fixture.admin);
    for list in ["orders", "users", "markets"] {
        for limit in ["0", "101", "-1", "1.5", "x", "", "99999999999999999999"] {
            report
                .row(
                    &format!("{list}, limit={limit}"),
                    get(&format!("/v1/{list}?limit={limit}")),
                    invalid("limit"),
                )
                .await;
        }
        report
            .row(
                &format!("{list}, limit twice"),
                get(&format!("/v1/{list}?limit=1&limit=2")),
                invalid("limit"),
            )
            .await;
        report
            .row(&format!("{list}, unknown"), get(&format!("/v1/{list}?unknown=1")), invalid("unknown"))
            .await;
    }
}

async fn times(fixture: &Fixture, report: &mut Report) {
    for time in [
        "2025-01-02T03:04:05+25:00",
        "2025-01-02T03:04:05+00:60",
        "2025-01-02T03:04:05",
        "2025-01-02 03:04:05Z",
        "2025-01-02T03:04:05Z[UTC]",
        "2025-01-02T12:00:60Z",
        "2025-02-29T00:00:00Z",
    ] {
        let query = time.replace('+', "%2B").replace(' ', "%20").replace('[', "%5B").replace(']', "%5D");
        let request =
            fixture.app.request(Method::GET, &format!("/v1/orders?from={query}")).by(&fixture.buyer);
        report.row(&format!("orders from {time}"), request, invalid("from")).await;
    }
}

async fn negotiation(fixture: &Fixture, report: &mut Report) {
    let body = fixture.an_order().to_string();
    let padded = |length: usize| format!("{body}{}", " ".repeat(length - body.len()));
    report.row("a body of 256 KiB", order(fixture, JSON, padded(256 * 1024)), done(201)).await;
    report
        .row(
            "a body of 256 KiB + 1",
            order(fixture, JSON, padded(256 * 1024 + 1)),
            refused(413, "PAYLOAD_TOO_LARGE"),
        )
        .await;
    let unsupported = refused(415, "UNSUPPORTED_MEDIA_TYPE");
    for media in [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin1",
    ] {
        report
            .row(&format!("a body of {media}"), order(fixture, media, body.clone()), unsupported.clone())
            .await;
    }
    for method in ["PURGE", "TRACE", "OPTIONS"] {
        let request = fixture.app.request(method.parse().unwrap(), "/v1/markets");
        let response =
            report.row(&format!("{method}, unknown"), request, refused(405, "METHOD_NOT_ALLOWED")).await;
        report.check(
            &format!("{method}: has an Allow header"),
            response.headers.contains_key("allow"),
            &response.text,
        );
    }
}

async fn accepted_media_types(fixture: &Fixture, report: &mut Report) {
    for accept in [
        "application/xml",
        "image/png",
        "text/html",
        "text/csv",
        "application/json;q=0",
        "application/json;q=0, */*",
        "*/*;q=0",
    ] {
        let request = fixture.app.request(Method::GET, "/v1/markets").header("accept", accept);
        report.row(&format!("Accept: {accept}"), request, refused(406, "NOT_ACCEPTABLE")).await;
    }
    for (path, accept, status) in [
        ("/docs/", "text/html", 200),
        ("/docs/", "text/html;q=0, */*", 406),
        ("/openapi.json", "text/html", 406),
        ("/v1/auth/unsubscribe?token=x", "text/html", 200),
        ("/v1/auth/unsubscribe?token=x", "application/json", 406),
    ] {
        let request = fixture.app.request(Method::GET, path).header("accept", accept);
        let expected = if status == 200 { done(200) } else { refused(406, "NOT_ACCEPTABLE") };
        report.row(&format!("{path} with Accept: {accept}"), request, expected).await;
    }
}

async fn content_codings(fixture: &Fixture, report: &mut Report) {
    let body = fixture.an_order().to_string();
    for coding in ["gzip", "br", "identity, gzip"] {
        let request = order(fixture, JSON, body.clone()).header("content-encoding", coding);
        let encoded = refused(415, "UNSUPPORTED_CONTENT_ENCODING");
        let response = report.row(&format!("a body with Content-Encoding: {coding}"), request, encoded).await;
        let accepted = response.headers.get("accept-encoding").is_some_and(|accepted| accepted == "identity");
        report.check("has an Accept-Encoding header", accepted, &format!("{:?}", response.headers));
    }
}

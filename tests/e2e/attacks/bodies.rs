//! Bodies, numbers and parameters that are not what they should be.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use test_support::app::RequestBuilder;
use test_support::lambda_event::of_request;

use super::report::{Expected, Report, done, invalid, refused};
use crate::attacks::fixture::{Fixture, a_product};

const MALFORMED: Expected = refused(400, "MALFORMED_JSON");
const JSON: &str = "application/json";

pub(super) async fn run(world: &Fixture, report: &mut Report) {
    report.begin("bodies");
    syntax(world, report).await;
    encodings(world, report).await;
    texts(world, report).await;
    numbers(world, report).await;
    deltas(world, report).await;
    items(world, report).await;
    parameters(world, report).await;
    negotiation(world, report).await;
}

/// An order with this body, of this media type.
fn order<'a>(world: &'a Fixture, media_type: &str, body: impl Into<Vec<u8>>) -> RequestBuilder<'a> {
    let key = local::system::aws_ids::uuid();
    world.shop.ask(Method::POST, "/v1/orders").by(&world.buyer).key(&key).body(media_type, body)
}

async fn syntax(world: &Fixture, report: &mut Report) {
    let whole = world.an_order().to_string();
    let twice = format!("{{\"items\":[],{}", &whole[1..]);
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    for (name, body) in [
        ("broken", whole[..whole.len() - 1].to_owned()),
        ("trailing", format!("{whole} x")),
        ("two values", format!("{whole}{whole}")),
        ("a key twice", twice),
        ("a key twice below", r#"{"items":[{"quantity":1,"quantity":2}]}"#.to_owned()),
        ("10,000 deep", deep(10_000)),
        ("10,000 objects deep", "{\"a\":".repeat(10_000)),
        ("single quotes", "{'items':[]}".to_owned()),
        ("a comma too many", r#"{"items":[],}"#.to_owned()),
        ("a comment", r#"{"items":[]/**/}"#.to_owned()),
        ("NaN", r#"{"items":NaN}"#.to_owned()),
        ("1e400", format!(r#"{{"items":[{{"productId":"{}","quantity":1e400}}]}}"#, world.product)),
        ("a lone surrogate", r#"{"items":"\ud800"}"#.to_owned()),
    ] {
        report.row(&format!("JSON: {name}"), order(world, JSON, body), MALFORMED).await;
    }
    for body in ["[]", "null", "7", "\"x\"", "true"] {
        report.row(&format!("JSON that is {body}"), order(world, JSON, body), invalid("body")).await;
    }
    report.row("no body", order(world, JSON, ""), invalid("items")).await;
}

async fn encodings(world: &Fixture, report: &mut Report) {
    let encoding = refused(400, "INVALID_ENCODING");
    for (name, body) in [
        ("a lone continuation byte", b"{\"items\":\"\x80\"}".to_vec()),
        ("an overlong slash", b"{\"items\":\"\xc0\xaf\"}".to_vec()),
        ("latin 1", b"{\"items\":\"caf\xe9\"}".to_vec()),
        ("UTF-16", b"\xff\xfe{\0}\0".to_vec()),
    ] {
        report.row(&format!("bad UTF-8: {name}"), order(world, JSON, body), encoding.clone()).await;
    }
    // The gateway encodes by itself; only an event can hold base64 that is none.
    for bad in ["***", "e30", "e30=e30=", "\u{e9}"] {
        let token = format!("Bearer {}", world.buyer.token);
        let headers = [("authorization", token.as_str()), ("idempotency-key", "base64")];
        let mut event = of_request("POST", "/v1/orders", &headers, Some(&Value::Null));
        event["body"] = json!(bad);
        event["isBase64Encoded"] = json!(true);
        let answer = world.shop.stack().invoke("api-orders", &event).await;
        let holds = answer.as_ref().is_ok_and(|answer| {
            let body: Value =
                serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
            answer["statusCode"] == 400 && body["error"]["code"] == "INVALID_ENCODING"
        });
        report.check(&format!("bad base64: {bad}"), holds, &format!("{answer:?}"));
    }
}

async fn texts(world: &Fixture, report: &mut Report) {
    let market = |name: &str| {
        let body = json!({ "name": name, "currency": "EUR" });
        world.shop.ask(Method::POST, "/v1/markets").by(&world.seller).json(&body)
    };
    for (name, text) in [
        ("NUL", "a\0b"),
        ("a right-to-left override", "a\u{202e}b"),
        ("a bidi isolate", "a\u{2066}b"),
        ("CR LF", "a\r\nb"),
        ("ANSI", "a\u{1b}[31mb"),
        ("C1", "a\u{9b}b"),
        ("empty", ""),
        ("spaces", "   "),
        ("too long", &"x".repeat(101)),
    ] {
        report.row(&format!("a name that is or has {name}"), market(text), invalid("name")).await;
    }
}

async fn numbers(world: &Fixture, report: &mut Report) {
    let quantity = |text: &str| {
        let body = format!(r#"{{"items":[{{"productId":"{}","quantity":{text}}}]}}"#, world.product);
        order(world, JSON, body)
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
        let path = format!("/v1/markets/{}/products", world.market);
        world.shop.ask(Method::POST, &path).by(&world.seller).body(JSON, body)
    };
    for amount in ["-1", "1.5", "\"1\"", "100000000", "9007199254740993"] {
        report.row(&format!("an amount of {amount}"), priced(amount), invalid("price.amount")).await;
    }
    let dear = priced("99999999").send().await.data(StatusCode::CREATED)["id"].clone();
    let body = json!({ "items": [{ "productId": dear, "quantity": 1_000 }] }).to_string();
    report.row("an overflowing total", order(world, JSON, body), invalid("items")).await;
}

async fn deltas(world: &Fixture, report: &mut Report) {
    for delta in ["0", "1.5", "\"1\"", "9007199254740993", "-9223372036854775809"] {
        let ask =
            world.shop.ask(Method::POST, &format!("/v1/products/{}/stock", world.product)).by(&world.seller);
        report
            .row(
                &format!("a delta of {delta}"),
                ask.body(JSON, format!("{{\"delta\":{delta}}}")),
                invalid("delta"),
            )
            .await;
    }
}

async fn items(world: &Fixture, report: &mut Report) {
    let item = json!({ "productId": world.product, "quantity": 1 });
    for count in [0, 51, 1_000] {
        let body = json!({ "items": vec![item.clone(); count] }).to_string();
        report.row(&format!("{count} items"), order(world, JSON, body), invalid("items")).await;
    }
    let body = json!({ "items": [item, item] }).to_string();
    report.row("a product twice", order(world, JSON, body), invalid("items[1].productId")).await;
    let absent =
        json!({ "items": [{ "productId": "prd_01J8Z3K5V0ABCDEFGHJKMNPQRS", "quantity": 1 }] }).to_string();
    report
        .row("a product that is not there", order(world, JSON, absent), invalid("items[0].productId"))
        .await;
}

async fn parameters(world: &Fixture, report: &mut Report) {
    let get = |path: &str| world.shop.ask(Method::GET, path).by(&world.admin);
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

async fn negotiation(world: &Fixture, report: &mut Report) {
    let body = world.an_order().to_string();
    let padded = |length: usize| format!("{body}{}", " ".repeat(length - body.len()));
    report.row("a body of 256 KiB", order(world, JSON, padded(256 * 1024)), done(201)).await;
    report
        .row(
            "a body of 256 KiB + 1",
            order(world, JSON, padded(256 * 1024 + 1)),
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
            .row(&format!("a body of {media}"), order(world, media, body.clone()), unsupported.clone())
            .await;
    }
    for accept in ["application/xml", "text/html", "application/json;q=0"] {
        let ask = world.shop.ask(Method::GET, "/v1/markets").header("accept", accept);
        report.row(&format!("Accept: {accept}"), ask, refused(406, "NOT_ACCEPTABLE")).await;
    }
    for method in ["PURGE", "TRACE", "OPTIONS"] {
        let ask = world.shop.ask(method.parse().unwrap(), "/v1/markets");
        let answer = report.row(&format!("{method}, unknown"), ask, refused(405, "METHOD_NOT_ALLOWED")).await;
        report.check(
            &format!("{method}: says what is allowed"),
            answer.headers.contains_key("allow"),
            &answer.text,
        );
    }
}

//! Client addresses, CORS origins, webhook signatures and panics.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use aws_lc_rs::hmac;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use http::{Method, StatusCode};
use serde_json::json;
use test_support::app::TestResponse;

use super::report::{Report, done, refused};
use crate::attacks::fixture::Fixture;

pub(super) async fn run(fixture: &Fixture, report: &mut Report) {
    report.begin("perimeter");
    addresses(fixture, report).await;
    origins(fixture, report).await;
    webhooks(fixture, report).await;
    panics(fixture, report).await;
}

/// Requests with forged addresses count against the address that API Gateway reports.
async fn addresses(fixture: &Fixture, report: &mut Report) {
    for chunk in 0..20 {
        let requests = (0..50).map(|n| {
            let forged = format!("203.0.{chunk}.{n}");
            let request = fixture.app.request(Method::GET, "/v1/markets").header("x-forwarded-for", &forged);
            request.header("forwarded", &format!("for={forged}")).header("x-real-ip", &forged).send()
        });
        let responses = join_all(requests).await;
        assert!(responses.iter().all(|response| response.status == StatusCode::OK));
    }
    let table = fixture.app.stack().table_name("Table").unwrap();
    let counts =
        fixture.app.dynamodb().scan().table_name(table).filter_expression("begins_with(pk, :prefix)");
    let prefix = AttributeValue::S("limit#reads#".to_owned());
    let items = counts.expression_attribute_values(":prefix", prefix).send().await.unwrap().items.unwrap();
    let callers: BTreeSet<String> = items
        .iter()
        .filter_map(|item| item["pk"].as_s().unwrap().split('#').nth(2).map(str::to_owned))
        .filter(|caller| !caller.starts_with("usr_"))
        .collect();
    let one = callers == BTreeSet::from(["127.0.0.1".to_owned()]);
    report.check("1,000 forged X-Forwarded-For: one bucket", one, &format!("{callers:?}"));
}

async fn origins(fixture: &Fixture, report: &mut Report) {
    let granted = |response: &TestResponse| {
        response.headers.keys().filter(|name| name.as_str().starts_with("access-control-")).count()
    };
    let configured = "http://localhost:3000";
    for (name, origin, allowed) in [
        ("configured", configured, true),
        ("foreign", "https://evil.example", false),
        ("null", "null", false),
        ("a suffix", "http://localhost:3000.evil.example", false),
        ("a prefix", "http://evil-localhost:3000", false),
        ("another port", "http://localhost:3001", false),
        ("another scheme", "https://localhost:3000", false),
        ("another case", "HTTP://LOCALHOST:3000", false),
    ] {
        let get = fixture.app.request(Method::GET, "/v1/markets").header("origin", origin).send().await;
        report.check(
            &format!("origin: {name}"),
            (granted(&get) > 0) == allowed,
            &format!("{:?}", get.headers),
        );
        let preflight = fixture.app.request(Method::OPTIONS, "/v1/orders").header("origin", origin);
        let preflight = preflight.header("access-control-request-method", "POST").send().await;
        let holds = (granted(&preflight) > 0) == allowed;
        report.check(&format!("preflight: {name}"), holds, &format!("{:?}", preflight.headers));
    }
}

async fn webhooks(fixture: &Fixture, report: &mut Report) {
    let secret = fixture.app.stack().parameters()["PaymentWebhookSecret"].clone();
    let now = local::system::clock::now().as_second();
    let event =
        json!({ "id": "evt_attack", "type": "customer.created", "data": { "object": {} } }).to_string();
    let signature = |at: i64, secret: &str| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, format!("{at}.{event}").as_bytes());
        let mut hex = String::new();
        tag.as_ref().iter().for_each(|byte| write!(hex, "{byte:02x}").unwrap());
        format!("t={at},v1={hex}")
    };
    let hook =
        || fixture.app.request(Method::POST, "/v1/payments/webhook").body("application/json", event.clone());
    let signed = |signature: &str| hook().header("stripe-signature", signature);
    let forged = refused(401, "INVALID_SIGNATURE");
    report.row("a webhook without a signature", hook(), forged.clone()).await;
    report.row("a forged webhook", signed(&signature(now, "whsec_guess")), forged.clone()).await;
    report
        .row(
            "a webhook with a signature of another time",
            signed(&signature(now, &secret).replace(&now.to_string(), &(now - 1).to_string())),
            forged.clone(),
        )
        .await;
    report.row("a webhook with a malformed signature", signed("t=,v1=,,=x"), forged).await;
    report
        .row("an old webhook", signed(&signature(now - 3_600, &secret)), refused(400, "STALE_WEBHOOK"))
        .await;
    report.row("a webhook of the gateway", signed(&signature(now, &secret)), done(200)).await;
    report.row("the same webhook again", signed(&signature(now, &secret)), done(200)).await;
    let order = fixture.app.get_order(&fixture.buyer, &fixture.order).await;
    fixture.app.wait_until_idle().await;
    let same = fixture.app.get_order(&fixture.buyer, &fixture.order).await == order;
    report.check("has no effect", same && fixture.dead_letters().await.is_empty(), &order.to_string());
}

/// The maximum version makes the function panic on overflow, because test builds check arithmetic.
async fn panics(fixture: &Fixture, report: &mut Report) {
    let market = fixture.new_market().await;
    let table = fixture.app.stack().table_name("Table").unwrap();
    let last = AttributeValue::N(u64::MAX.to_string());
    let update =
        fixture.app.dynamodb().update_item().table_name(table).update_expression("SET #version = :last");
    let update =
        update.expression_attribute_names("#version", "version").expression_attribute_values(":last", last);
    let update = update.key("pk", AttributeValue::S(format!("market#{market}")));
    update.key("sk", AttributeValue::S("market".to_owned())).send().await.unwrap();
    let path = format!("/v1/markets/{market}");
    let change = || {
        let request = fixture.app.request(Method::PATCH, &path).by(&fixture.seller).header("if-match", "*");
        request.header("x-correlation-id", "panics").json(&json!({ "name": "canary-panic" }))
    };
    let response = report.row("a panic", change(), refused(500, "INTERNAL_ERROR")).await;
    let message = "internal error; quote the request id when you report it";
    let expected = json!({
        "type": "about:blank", "title": "Internal Server Error", "status": 500, "detail": message,
        "instance": response.headers["x-request-id"].to_str().unwrap(),
        "error": { "code": "INTERNAL_ERROR", "message": message },
    });
    report.check(
        "the response to a panic only has the request id",
        response.json() == expected,
        &response.text,
    );
    let logged = fixture
        .app
        .stack()
        .logs()
        .wait_for("api-markets", "\"panic\"", test_support::app::WAIT_TIMEOUT)
        .await;
    report.check("a panic is logged", logged.is_some(), "no log line");
    let after = fixture.app.request(Method::GET, "/v1/markets");
    report.row("the next request after a panic", after, done(200)).await;
}

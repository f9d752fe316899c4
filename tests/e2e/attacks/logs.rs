//! Logs of all other groups: no secrets, no personal data, no forged lines.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use test_support::app::WAIT_TIMEOUT;

use super::report::Report;
use crate::attacks::fixture::{Fixture, PASSWORD};

/// A card number, sent as a payment method.
const CARD: &str = "4242424242424242";

/// Street and phone number of a delivery address.
const STREET: &str = "Canarystrasse 1";
const PHONE: &str = "+4930123456";

pub(super) async fn run(fixture: &Fixture, report: &mut Report) {
    report.begin("logs");
    send_hostile_text(fixture).await;
    let stack = fixture.app.stack();
    let stems = stack.deployment().functions.iter().map(|function| function.stem.as_str());
    let lines: Vec<String> = stems.flat_map(|stem| stack.logs().lines(stem)).collect();
    let unreadable: Vec<_> =
        lines.iter().filter(|line| serde_json::from_str::<Value>(line).is_err()).collect();
    let whole = unreadable.is_empty() && lines.len() > 1_000;
    report.check("every line is one JSON object", whole, &format!("{} lines, {unreadable:?}", lines.len()));
    for (name, canary) in canaries(fixture) {
        let hits: Vec<_> = lines.iter().filter(|line| line.contains(canary)).take(2).collect();
        let name = format!("{name} in {} lines", lines.len());
        report.check(&name, hits.is_empty(), &format!("{hits:?}"));
    }
    let dead_letters = fixture.dead_letters().await;
    report.check(
        "no unexpected dead letters",
        dead_letters.is_empty(),
        &format!(
            "{:?}",
            dead_letters
                .iter()
                .map(|dead_letter| (&dead_letter.reason, &dead_letter.body))
                .collect::<Vec<_>>()
        ),
    );
}

/// Sends line breaks, escape sequences and forged log lines in all kinds of input, and waits for the log line
/// of a last request.
async fn send_hostile_text(fixture: &Fixture) {
    let app = &fixture.app;
    app.wait_until_idle().await;
    let hostile = "%0d%0a%1b%5B31m%7B%22level%22%3A%22forged-line%22%7D";
    for path in ["/v1/orders/", "/v1/markets?search=", "/v1/users?sort=", "/v1/"] {
        let request = app.request(Method::GET, &format!("{path}{hostile}")).by(&fixture.buyer);
        request.header("user-agent", "forged-line").header("x-correlation-id", "forged line").send().await;
    }
    let text = "\r\n\u{1b}[31m{\"level\":\"forged-line\"}";
    let market = json!({ "name": text, "description": text, "currency": text, text: text });
    app.request(Method::POST, "/v1/markets").by(&fixture.seller).json(&market).send().await;
    let order = json!({ "items": [{ "productId": fixture.product, "quantity": 1 }], "paymentMethod": CARD });
    app.request(Method::POST, "/v1/orders").by(&fixture.buyer).key("card").json(&order).send().await;
    ship_to_a_canary(fixture, text).await;
    let login = json!({ "email": text, "password": text });
    app.request(Method::POST, "/v1/auth/login").json(&login).send().await;
    let last =
        app.request(Method::GET, "/v1/orders").by(&fixture.buyer).header("x-correlation-id", "the-last");
    last.send().await;
    app.stack().logs().wait_for("api-orders", "the-last", WAIT_TIMEOUT).await.unwrap();
}

/// Quotes and places an order that is shipped, and sends an invalid address.
async fn ship_to_a_canary(fixture: &Fixture, text: &str) {
    let app = &fixture.app;
    let option =
        json!({ "id": "standard", "name": "Parcel", "amount": { "amount": 490, "currency": "EUR" } });
    let zones = json!({ "zones": [{ "countries": "*", "options": [option] }] });
    let path = format!("/v1/markets/{}/shipping", fixture.market);
    let set = app.request(Method::PUT, &path).by(&fixture.seller).header("if-match", "*").json(&zones);
    assert_eq!(set.send().await.status, StatusCode::OK);
    let mut order = fixture.an_order();
    order["shippingOptionId"] = "standard".into();
    for (line, status) in [(STREET, StatusCode::CREATED), (text, StatusCode::BAD_REQUEST)] {
        order["shippingAddress"] = json!({
            "name": "Canary", "line1": line, "line2": STREET, "city": "Berlin", "postalCode": "10119",
            "country": "DE", "phone": PHONE,
        });
        app.request(Method::POST, "/v1/quotes").json(&order).send().await;
        let place = app.request(Method::POST, "/v1/orders").by(&fixture.buyer).json(&order);
        let placed = place.key(&local::system::aws_ids::uuid()).send().await;
        assert_eq!(placed.status, status, "{}", placed.text);
    }
    app.wait_until_idle().await;
}

/// Text that the attacks sent, and personal data and secrets of the users.
fn canaries(fixture: &Fixture) -> [(&'static str, &str); 15] {
    [
        ("passwords", PASSWORD),
        ("wrong passwords", "incorrect horse"),
        ("access tokens", &fixture.buyer.token),
        ("the tokens of others", &fixture.admin.token),
        ("ends of tokens", fixture.seller.token.rsplit('.').next().unwrap()),
        ("beginnings of tokens", fixture.buyer.token.split('.').next().unwrap()),
        ("cards", CARD),
        ("payment methods", "pm_card_visa"),
        ("e-mail addresses", "@example.com"),
        ("names", "canary"),
        ("streets", STREET),
        ("phone numbers", PHONE),
        ("signing keys", fixture.present.signing.expose()),
        ("forged lines", "forged-line"),
        ("expressions", "size(pk)"),
    ]
}

//! What all the others have left in the logs: nothing that anybody sent, is or has.

use http::Method;
use serde_json::{Value, json};
use test_support::app::WAIT_TIMEOUT;

use super::report::Report;
use crate::attacks::fixture::{Fixture, PASSWORD};

/// A card's number, where no card's number belongs.
const CARD: &str = "4242424242424242";

pub(super) async fn run(world: &Fixture, report: &mut Report) {
    report.begin("logs");
    send_hostile_text(world).await;
    let stack = world.shop.stack();
    let stems = stack.deployment().functions.iter().map(|function| function.stem.as_str());
    let lines: Vec<String> = stems.flat_map(|stem| stack.logs().lines(stem)).collect();
    let unreadable: Vec<_> =
        lines.iter().filter(|line| serde_json::from_str::<Value>(line).is_err()).collect();
    let whole = unreadable.is_empty() && lines.len() > 1_000;
    report.check("every line is one JSON object", whole, &format!("{} lines, {unreadable:?}", lines.len()));
    for (name, canary) in canaries(world) {
        let hits: Vec<_> = lines.iter().filter(|line| line.contains(canary)).take(2).collect();
        let name = format!("{name} in {} lines", lines.len());
        report.check(&name, hits.is_empty(), &format!("{hits:?}"));
    }
    let letters = world.dead_letters().await;
    report.check(
        "no dead letters but those that were put there",
        letters.is_empty(),
        &format!("{:?}", letters.iter().map(|letter| (&letter.reason, &letter.body)).collect::<Vec<_>>()),
    );
}

/// Line ends, escape sequences and forged lines, in every place that a client writes; and then a last request, whose line
/// is waited for.
async fn send_hostile_text(world: &Fixture) {
    let shop = &world.shop;
    shop.wait_until_idle().await;
    let hostile = "%0d%0a%1b%5B31m%7B%22level%22%3A%22forged-line%22%7D";
    for path in ["/v1/orders/", "/v1/markets?search=", "/v1/users?sort=", "/v1/"] {
        let ask = shop.ask(Method::GET, &format!("{path}{hostile}")).by(&world.buyer);
        ask.header("user-agent", "forged-line").header("x-correlation-id", "forged line").send().await;
    }
    let text = "\r\n\u{1b}[31m{\"level\":\"forged-line\"}";
    let market = json!({ "name": text, "description": text, "currency": text, text: text });
    shop.ask(Method::POST, "/v1/markets").by(&world.seller).json(&market).send().await;
    let order = json!({ "items": [{ "productId": world.product, "quantity": 1 }], "paymentMethod": CARD });
    shop.ask(Method::POST, "/v1/orders").by(&world.buyer).key("card").json(&order).send().await;
    let login = json!({ "email": text, "password": text });
    shop.ask(Method::POST, "/v1/auth/login").json(&login).send().await;
    let last = shop.ask(Method::GET, "/v1/orders").by(&world.buyer).header("x-correlation-id", "the-last");
    last.send().await;
    shop.stack().logs().wait_for("api-orders", "the-last", WAIT_TIMEOUT).await.unwrap();
}

/// Text that the attacks sent, or that belongs to somebody.
fn canaries(world: &Fixture) -> [(&'static str, &str); 13] {
    [
        ("passwords", PASSWORD),
        ("wrong passwords", "incorrect horse"),
        ("access tokens", &world.buyer.token),
        ("the tokens of others", &world.admin.token),
        ("ends of tokens", world.seller.token.rsplit('.').next().unwrap()),
        ("beginnings of tokens", world.buyer.token.split('.').next().unwrap()),
        ("cards", CARD),
        ("payment methods", "pm_card_visa"),
        ("e-mail addresses", "@example.com"),
        ("names", "canary"),
        ("signing keys", world.present.signing.expose()),
        ("what attackers send", "forged-line"),
        ("expressions", "size(pk)"),
    ]
}

//! Versions and idempotency keys that are missing, old or another's.

use futures::future::join_all;
use http::{Method, StatusCode};
use local::faults::{Fault, Rule};
use serde_json::json;

use super::report::{Report, done, refused};
use crate::attacks::fixture::Fixture;

pub(super) async fn run(world: &Fixture, report: &mut Report) {
    report.begin("preconditions");
    versions(world, report).await;
    keys(world, report).await;
    in_flight(world, report).await;
}

async fn versions(world: &Fixture, report: &mut Report) {
    let (required, mismatch) = (refused(428, "PRECONDITION_REQUIRED"), refused(412, "VERSION_MISMATCH"));
    let of_user = format!("/v1/users/{}", world.seller.id);
    let of_market = format!("/v1/markets/{}", world.new_market().await);
    let of_product = format!("/v1/products/{}", world.new_product().await);
    let replaced = json!({ "name": "New", "status": "active" });
    let price = json!({ "amount": 5, "currency": "EUR" });
    let product = json!({ "sku": "NEW-1", "title": "Cup", "price": price, "status": "active" });
    let account = json!({ "email": world.seller.email, "name": "New" });
    for (path, put, patch) in [
        (&of_user, account, json!({ "name": "New" })),
        (&of_market, replaced, json!({ "name": "New" })),
        (&of_product, product, json!({ "title": "New" })),
    ] {
        for (method, body) in [(Method::PUT, &put), (Method::PATCH, &patch), (Method::DELETE, &json!({}))] {
            let ask = || world.shop.ask(method.clone(), path).by(&world.seller).json(body);
            report.row(&format!("{method} {path} without If-Match"), ask(), required.clone()).await;
            for tag in ["\"7\"", "W/\"1\"", "\"x\"", "1", "\"1\", \"2\""] {
                let name = format!("{method} {path} with If-Match: {tag}");
                report.row(&name, ask().header("if-match", tag), mismatch.clone()).await;
            }
        }
    }
    let change = |tag: &str| {
        let ask = world.shop.ask(Method::PATCH, &of_market).by(&world.seller).header("if-match", tag);
        ask.json(&json!({ "name": "Newer" }))
    };
    report.row("the version that was read", change("\"1\""), done(200)).await;
    report.row("the same version again", change("\"1\""), mismatch).await;
}

async fn keys(world: &Fixture, report: &mut Report) {
    let order = || world.shop.ask(Method::POST, "/v1/orders").by(&world.buyer).json(&world.an_order());
    report.row("no idempotency key", order(), refused(400, "IDEMPOTENCY_KEY_REQUIRED")).await;
    let refund =
        world.shop.ask(Method::POST, &format!("/v1/orders/{}/refund", world.order)).by(&world.seller);
    let refund = refund.json(&json!({ "reason": "because" }));
    report.row("no idempotency key on a refund", refund, refused(400, "IDEMPOTENCY_KEY_REQUIRED")).await;
    let malformed = refused(400, "IDEMPOTENCY_KEY_INVALID");
    for (name, key) in [
        ("300 characters", "k".repeat(300)),
        ("256 characters", "k".repeat(256)),
        ("a space", "a b".to_owned()),
        ("empty", String::new()),
    ] {
        report.row(&format!("an idempotency key: {name}"), order().key(&key), malformed.clone()).await;
    }
    report.row("an idempotency key of 255 characters", order().key(&"k".repeat(255)), done(201)).await;
    let first = report.row("an idempotency key", order().key("once"), done(201)).await;
    let again = report.row("the same request again", order().key("once"), done(201)).await;
    let replayed = first.text == again.text && again.headers.contains_key("idempotent-replay");
    report.check("is answered with the same bytes", replayed, &again.text);
    let other = json!({ "items": [{ "productId": world.product, "quantity": 2 }] });
    let other = world.shop.ask(Method::POST, "/v1/orders").by(&world.buyer).key("once").json(&other);
    report.row("the key with another body", other, refused(422, "IDEMPOTENCY_KEY_REUSED")).await;
    let another =
        world.shop.ask(Method::POST, "/v1/orders").by(&world.stranger).key("once").json(&world.an_order());
    let another = report.row("another caller's key", another, done(201)).await;
    report.check("is another order", another.text != first.text, &another.text);
}

/// One key, twenty times at once: one order.
async fn in_flight(world: &Fixture, report: &mut Report) {
    let order =
        || world.shop.ask(Method::POST, "/v1/orders").by(&world.buyer).key("flying").json(&world.an_order());
    let answers = join_all((0..20).map(|_| order().send())).await;
    let alike =
        answers.iter().all(|answer| answer.status == StatusCode::CREATED && answer.text == answers[0].text);
    let fresh = answers.iter().filter(|answer| !answer.headers.contains_key("idempotent-replay")).count();
    report.check("a key in flight: 20 equal answers", alike, &format!("{answers:?}"));
    report.check("a key in flight: one order", fresh == 1, &format!("{fresh} were not replays"));

    // Whoever meets the same request at its receipt in each attempt is told that it is being worked on.
    let busy =
        Rule::new("api-orders", Fault::transaction_conflict()).operation("TransactWriteItems").times(10);
    world.shop.stack().faults().inject(busy);
    let order =
        || world.shop.ask(Method::POST, "/v1/orders").by(&world.buyer).key("busy").json(&world.an_order());
    let busy = refused(409, "IDEMPOTENCY_IN_PROGRESS");
    let answer = report.row("a key whose request is still being committed", order(), busy).await;
    let wait = answer.headers.get("retry-after").and_then(|wait| wait.to_str().ok());
    report.check("says when to ask again", wait == Some("1"), &format!("{:?}", answer.headers));
    report.row("and is done when it is asked again", order(), done(201)).await;
}

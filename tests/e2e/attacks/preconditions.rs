//! Missing, stale and foreign versions and idempotency keys.

use futures::future::join_all;
use http::{Method, StatusCode};
use local::faults::{Fault, Rule};
use serde_json::json;

use super::report::{Report, done, refused};
use crate::attacks::fixture::{Fixture, a_product};

pub(super) async fn run(fixture: &Fixture, report: &mut Report) {
    report.begin("preconditions");
    versions(fixture, report).await;
    keys(fixture, report).await;
    in_flight(fixture, report).await;
}

async fn versions(fixture: &Fixture, report: &mut Report) {
    let (required, mismatch) = (refused(428, "PRECONDITION_REQUIRED"), refused(412, "VERSION_MISMATCH"));
    let of_user = format!("/v1/users/{}", fixture.seller.id);
    let of_market = format!("/v1/markets/{}", fixture.new_market().await);
    let of_product = format!("/v1/products/{}", fixture.new_product().await);
    let replaced = json!({ "name": "New", "status": "active" });
    let price = json!({ "amount": 5, "currency": "EUR" });
    let product = json!({ "sku": "NEW-1", "title": "Cup", "price": price, "status": "active" });
    let account = json!({ "email": fixture.seller.email, "name": "New" });
    let counters = format!(".{}.0", a_product()["stock"]);
    for (path, put, patch, counters) in [
        (&of_user, account, json!({ "name": "New" }), ""),
        (&of_market, replaced, json!({ "name": "New" }), ".0"),
        (&of_product, product, json!({ "title": "New" }), &counters),
    ] {
        for (method, body) in [(Method::PUT, &put), (Method::PATCH, &patch), (Method::DELETE, &json!({}))] {
            let request = || fixture.app.request(method.clone(), path).by(&fixture.seller).json(body);
            report.row(&format!("{method} {path} without If-Match"), request(), required.clone()).await;
            for tag in foreign_tags(counters) {
                let name = format!("{method} {path} with If-Match: {tag}");
                report.row(&name, request().header("if-match", &tag), mismatch.clone()).await;
            }
        }
    }
    let change = |tag: &str| {
        let request =
            fixture.app.request(Method::PATCH, &of_market).by(&fixture.seller).header("if-match", tag);
        request.json(&json!({ "name": "Newer" }))
    };
    report.row("the version that was read", change("\"1.0\""), done(200)).await;
    report.row("the same version again", change("\"1.0\""), mismatch).await;
    report.row("a list with the version that was read", change("\"1.0\", \"2.0-gzip\""), done(200)).await;
}

/// Values of `If-Match` that do not match a resource at version 1 whose tags end with these counters.
fn foreign_tags(counters: &str) -> Vec<String> {
    vec![
        format!("\"7{counters}\""),
        format!("W/\"1{counters}\""),
        format!("\"01{counters}\""),
        format!("\"+1{counters}\""),
        format!("\"1{counters}.0.0\""),
        format!("\"1{counters}.x\""),
        format!("1{counters}"),
        format!("\"7{counters}\", \"8{counters}\""),
        "\"x\"".to_owned(),
    ]
}

async fn keys(fixture: &Fixture, report: &mut Report) {
    let order =
        || fixture.app.request(Method::POST, "/v1/orders").by(&fixture.buyer).json(&fixture.an_order());
    report.row("no idempotency key", order(), refused(400, "IDEMPOTENCY_KEY_REQUIRED")).await;
    let refund = fixture
        .app
        .request(Method::POST, &format!("/v1/orders/{}/refund", fixture.order))
        .by(&fixture.seller);
    let refund = refund.json(&json!({ "reason": "because" }));
    report.row("no idempotency key on a refund", refund, refused(400, "IDEMPOTENCY_KEY_REQUIRED")).await;
    let malformed = refused(400, "IDEMPOTENCY_KEY_INVALID");
    for (name, key) in [
        ("300 characters", "k".repeat(300)),
        ("256 characters", "k".repeat(256)),
        ("a space", "a b".to_owned()),
        ("two values", "a,b".to_owned()),
        ("the same value twice", "a, a".to_owned()),
        ("empty", String::new()),
    ] {
        report.row(&format!("an idempotency key: {name}"), order().key(&key), malformed.clone()).await;
    }
    let two = order().key("a").key("b");
    report.row("two idempotency keys", two, malformed).await;
    report.row("an idempotency key of 255 characters", order().key(&"k".repeat(255)), done(201)).await;
    let first = report.row("an idempotency key", order().key("once"), done(201)).await;
    let again = report.row("the same request again", order().key("once"), done(201)).await;
    let replayed = first.text == again.text && again.headers.contains_key("idempotent-replay");
    report.check("the response has the same bytes", replayed, &again.text);
    let other = json!({ "items": [{ "productId": fixture.product, "quantity": 2 }] });
    let other = fixture.app.request(Method::POST, "/v1/orders").by(&fixture.buyer).key("once").json(&other);
    report.row("the key with another body", other, refused(422, "IDEMPOTENCY_KEY_REUSED")).await;
    let another = fixture
        .app
        .request(Method::POST, "/v1/orders")
        .by(&fixture.stranger)
        .key("once")
        .json(&fixture.an_order());
    let another = report.row("another caller's key", another, done(201)).await;
    report.check("it is another order", another.text != first.text, &another.text);
}

/// Concurrent requests with one key create one order.
async fn in_flight(fixture: &Fixture, report: &mut Report) {
    let order = || {
        fixture
            .app
            .request(Method::POST, "/v1/orders")
            .by(&fixture.buyer)
            .key("flying")
            .json(&fixture.an_order())
    };
    let responses = join_all((0..20).map(|_| order().send())).await;
    let equal = responses
        .iter()
        .all(|response| response.status == StatusCode::CREATED && response.text == responses[0].text);
    let executed =
        responses.iter().filter(|response| !response.headers.contains_key("idempotent-replay")).count();
    report.check("a key in flight: 20 equal responses", equal, &format!("{responses:?}"));
    report.check("a key in flight: one order", executed == 1, &format!("{executed} were not replays"));

    // A request that conflicts at its idempotency record in every attempt gets IDEMPOTENCY_IN_PROGRESS.
    let busy =
        Rule::new("api-orders", Fault::transaction_conflict()).operation("TransactWriteItems").times(10);
    fixture.app.stack().faults().inject(busy);
    let order = || {
        fixture
            .app
            .request(Method::POST, "/v1/orders")
            .by(&fixture.buyer)
            .key("busy")
            .json(&fixture.an_order())
    };
    let busy = refused(409, "IDEMPOTENCY_IN_PROGRESS");
    let response = report.row("a key whose request is still being committed", order(), busy).await;
    let wait = response.headers.get("retry-after").and_then(|wait| wait.to_str().ok());
    report.check("has a Retry-After header", wait == Some("1"), &format!("{:?}", response.headers));
    report.row("a retry succeeds", order(), done(201)).await;
}

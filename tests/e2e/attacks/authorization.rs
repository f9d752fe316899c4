//! What belongs to others.

use http::Method;
use serde_json::json;
use shared::domain::user::Role;
use test_support::TestUser;
use test_support::app::RequestBuilder;

use super::report::{Expected, Report, done, refused};
use crate::attacks::fixture::Fixture;

const ABSENT: Expected = refused(404, "NOT_FOUND");
const FORBIDDEN: Expected = refused(403, "FORBIDDEN");

pub(super) async fn run(world: &Fixture, report: &mut Report) {
    report.begin("authorization");
    things_of_others(world, report).await;
    roles(world, report).await;
}

async fn things_of_others(world: &Fixture, report: &mut Report) {
    let by = |who: &TestUser, method: Method, path: String| world.shop.ask(method, &path).by(who);
    let (order, payment) = (&world.order, &world.payment);
    let get = |path: String| by(&world.stranger, Method::GET, path);
    let absent = "01J8Z3K5V0ABCDEFGHJKMNPQRS";
    let mine = report.row("another's order", get(format!("/v1/orders/{order}")), ABSENT).await;
    let none = report.row("an absent order", get(format!("/v1/orders/ord_{absent}")), ABSENT).await;
    let alike = mine.json()["error"] == none.json()["error"];
    report.check("another's order is answered like an absent one", alike, &mine.text);
    report.row("another's timeline", get(format!("/v1/orders/{order}/timeline")), ABSENT).await;
    let mine = report.row("another's payment", get(format!("/v1/payments/{payment}")), ABSENT).await;
    let none = report.row("an absent payment", get(format!("/v1/payments/pay_{absent}")), ABSENT).await;
    let alike = mine.json()["error"] == none.json()["error"];
    report.check("another's payment is answered like an absent one", alike, &mine.text);
    for (action, body) in [
        ("cancel", json!({})),
        ("ship", json!({ "carrier": "Post", "trackingNumber": "1" })),
        ("deliver", json!({})),
        ("refund", json!({ "reason": "because" })),
    ] {
        let ask =
            by(&world.stranger, Method::POST, format!("/v1/orders/{order}/{action}")).key("k").json(&body);
        report.row(&format!("{action} another's order"), ask, ABSENT).await;
    }
    let job = world.new_job().await;
    let anothers = report.row("another's job", get(format!("/v1/jobs/{job}")), ABSENT).await;
    let none = report.row("an absent job", get(format!("/v1/jobs/job_{absent}")), ABSENT).await;
    let alike = anothers.json()["error"] == none.json()["error"];
    report.check("another's job is answered like an absent one", alike, &anothers.text);
    report.row("another's result", get(format!("/v1/jobs/{job}/result")), ABSENT).await;
    for action in ["cancel", "retry"] {
        let ask = by(&world.stranger, Method::POST, format!("/v1/jobs/{job}/{action}")).key(action);
        report.row(&format!("{action} another's job"), ask, ABSENT).await;
    }
    let account = get(format!("/v1/users/{}", world.buyer.id));
    report.row("another's account", account, ABSENT).await;
    things_of_other_markets(world, report).await;
}

async fn things_of_other_markets(world: &Fixture, report: &mut Report) {
    let ask = |method: Method, path: String| {
        world.shop.ask(method, &path).by(&world.stranger).header("if-match", "*")
    };
    let (market, product) = (&world.market, &world.product);
    let change = ask(Method::PATCH, format!("/v1/products/{product}")).json(&json!({ "title": "Mine" }));
    report.row("change another market's product", change, FORBIDDEN).await;
    report
        .row(
            "remove another market's product",
            ask(Method::DELETE, format!("/v1/products/{product}")),
            FORBIDDEN,
        )
        .await;
    let stock = ask(Method::POST, format!("/v1/products/{product}/stock")).json(&json!({ "delta": -1 }));
    report.row("empty another market's stock", stock, FORBIDDEN).await;
    let list = ask(Method::POST, format!("/v1/markets/{market}/products"))
        .json(&crate::attacks::fixture::a_product());
    report.row("list in another's market", list, FORBIDDEN).await;
    let change = ask(Method::PATCH, format!("/v1/markets/{market}")).json(&json!({ "name": "Mine" }));
    report.row("change another's market", change, FORBIDDEN).await;
    report
        .row("remove another's market", ask(Method::DELETE, format!("/v1/markets/{market}")), FORBIDDEN)
        .await;
    let orders = ask(Method::GET, format!("/v1/orders?marketId={market}"));
    report.row("another market's orders", orders, FORBIDDEN).await;
    drafts(world, report).await;
}

async fn drafts(world: &Fixture, report: &mut Report) {
    let ask = |path: String| world.shop.ask(Method::GET, &path).by(&world.stranger);
    let draft = json!({ "name": "Secret", "currency": "EUR", "status": "draft" });
    let draft = world.create(&world.seller, "/v1/markets", &draft).await;
    report.row("another's draft", ask(format!("/v1/markets/{draft}")), ABSENT).await;
    report.row("the orders of another's draft", ask(format!("/v1/orders?marketId={draft}")), ABSENT).await;
    report.row("the products of another's draft", ask(format!("/v1/markets/{draft}/products")), ABSENT).await;
}

/// Whoever lost a role or never had it.
async fn roles(world: &Fixture, report: &mut Report) {
    let shop = &world.shop;
    let users = |who: &TestUser| -> RequestBuilder<'_> { shop.ask(Method::GET, "/v1/users").by(who) };
    report.row("a missing permission", users(&world.buyer), FORBIDDEN).await;
    let former = shop.user_with_role("former-moderator", Role::Moderator).await;
    report.row("a moderator reads accounts", users(&former), done(200)).await;
    let path = format!("/v1/users/{}", former.id);
    let demote = shop.ask(Method::PATCH, &path).by(&world.admin).header("if-match", "*");
    report.row("the role is taken back", demote.json(&json!({ "role": "user" })), done(200)).await;
    report.row("a role removed after the token was issued", users(&former), FORBIDDEN).await;
    let read = shop.ask(Method::GET, &format!("/v1/orders/{}", world.order)).by(&former);
    report.row("another's order by a former moderator", read, ABSENT).await;
    let promote = shop.ask(Method::PATCH, &format!("/v1/users/{}", world.stranger.id));
    let promote = promote.by(&world.moderator).header("if-match", "*").json(&json!({ "role": "admin" }));
    report.row("a moderator makes an admin", promote, FORBIDDEN).await;
}

//! Access to resources of other users, and missing roles.

use http::Method;
use serde_json::json;
use shared::domain::user::Role;
use test_support::TestUser;
use test_support::app::RequestBuilder;

use super::report::{Expected, Report, done, invalid, refused};
use crate::attacks::fixture::Fixture;

const ABSENT: Expected = refused(404, "NOT_FOUND");
const FORBIDDEN: Expected = refused(403, "FORBIDDEN");

pub(super) async fn run(fixture: &Fixture, report: &mut Report) {
    report.begin("authorization");
    resources_of_others(fixture, report).await;
    roles(fixture, report).await;
}

/// Another user's resource gets the same response as an absent one, except for the id.
async fn like_an_absent_one(fixture: &Fixture, report: &mut Report, noun: &str, path: &str, id: &str) {
    let (prefix, _) = id.split_once('_').unwrap();
    let absent = format!("{prefix}_01J8Z3K5V0ABCDEFGHJKMNPQRS");
    let mut errors = Vec::new();
    for (whose, id) in [("another's", id), ("an absent", &absent)] {
        let request = fixture.app.request(Method::GET, &format!("{path}/{id}")).by(&fixture.stranger);
        let response = report.row(&format!("{whose} {noun}"), request, ABSENT).await;
        errors.push(response.json()["error"].to_string().replace(id, ""));
    }
    let name = format!("another's {noun} gets the response of an absent one");
    report.check(&name, errors[0] == errors[1], &errors[0]);
}

async fn resources_of_others(fixture: &Fixture, report: &mut Report) {
    let by = |user: &TestUser, method: Method, path: String| fixture.app.request(method, &path).by(user);
    let order = &fixture.order;
    let get = |path: String| by(&fixture.stranger, Method::GET, path);
    like_an_absent_one(fixture, report, "order", "/v1/orders", order).await;
    report.row("another's timeline", get(format!("/v1/orders/{order}/timeline")), ABSENT).await;
    like_an_absent_one(fixture, report, "payment", "/v1/payments", &fixture.payment).await;
    for (action, body) in [
        ("cancel", json!({})),
        ("ship", json!({ "carrier": "Post", "trackingNumber": "1" })),
        ("deliver", json!({})),
        ("refund", json!({ "reason": "because" })),
    ] {
        let request =
            by(&fixture.stranger, Method::POST, format!("/v1/orders/{order}/{action}")).key("k").json(&body);
        report.row(&format!("{action} another's order"), request, ABSENT).await;
    }
    let job = fixture.new_job().await;
    like_an_absent_one(fixture, report, "job", "/v1/jobs", &job).await;
    report.row("another's result", get(format!("/v1/jobs/{job}/result")), ABSENT).await;
    for action in ["cancel", "retry"] {
        let request = by(&fixture.stranger, Method::POST, format!("/v1/jobs/{job}/{action}")).key(action);
        report.row(&format!("{action} another's job"), request, ABSENT).await;
    }
    let account = get(format!("/v1/users/{}", fixture.buyer.id));
    report.row("another's account", account, ABSENT).await;
    resources_of_other_markets(fixture, report).await;
}

async fn resources_of_other_markets(fixture: &Fixture, report: &mut Report) {
    let request = |method: Method, path: String| {
        fixture.app.request(method, &path).by(&fixture.stranger).header("if-match", "*")
    };
    let (market, product) = (&fixture.market, &fixture.product);
    let change = request(Method::PATCH, format!("/v1/products/{product}")).json(&json!({ "title": "Mine" }));
    report.row("change another market's product", change, FORBIDDEN).await;
    report
        .row(
            "remove another market's product",
            request(Method::DELETE, format!("/v1/products/{product}")),
            FORBIDDEN,
        )
        .await;
    let stock = request(Method::POST, format!("/v1/products/{product}/stock")).json(&json!({ "delta": -1 }));
    report.row("empty another market's stock", stock, FORBIDDEN).await;
    let list = request(Method::POST, format!("/v1/markets/{market}/products"))
        .json(&crate::attacks::fixture::a_product());
    report.row("create a product in another's market", list, FORBIDDEN).await;
    let change = request(Method::PATCH, format!("/v1/markets/{market}")).json(&json!({ "name": "Mine" }));
    report.row("change another's market", change, FORBIDDEN).await;
    report
        .row("remove another's market", request(Method::DELETE, format!("/v1/markets/{market}")), FORBIDDEN)
        .await;
    let orders = request(Method::GET, format!("/v1/orders?marketId={market}"));
    report.row("another market's orders", orders, FORBIDDEN).await;
    let events = request(Method::GET, format!("/v1/events?marketId={market}"));
    report.row("another market's events", events, ABSENT).await;
    for path in ["/v1/events".to_owned(), format!("/v1/events?subject={}", fixture.order)] {
        report
            .row(&format!("{path} without a market"), request(Method::GET, path), invalid("marketId"))
            .await;
    }
    drafts(fixture, report).await;
}

async fn drafts(fixture: &Fixture, report: &mut Report) {
    let request = |path: String| fixture.app.request(Method::GET, &path).by(&fixture.stranger);
    let draft = json!({ "name": "Secret", "currency": "EUR", "status": "draft" });
    let draft = fixture.create(&fixture.seller, "/v1/markets", &draft).await;
    report.row("another's draft", request(format!("/v1/markets/{draft}")), ABSENT).await;
    report
        .row("the orders of another's draft", request(format!("/v1/orders?marketId={draft}")), ABSENT)
        .await;
    report
        .row("the products of another's draft", request(format!("/v1/markets/{draft}/products")), ABSENT)
        .await;
}

/// Users without a role, and users who lost it.
async fn roles(fixture: &Fixture, report: &mut Report) {
    let app = &fixture.app;
    let users = |user: &TestUser| -> RequestBuilder<'_> { app.request(Method::GET, "/v1/users").by(user) };
    report.row("a missing permission", users(&fixture.buyer), FORBIDDEN).await;
    let former = app.user_with_role("former-moderator", Role::Moderator).await;
    report.row("a moderator reads accounts", users(&former), done(200)).await;
    let path = format!("/v1/users/{}", former.id);
    let demote = app.request(Method::PATCH, &path).by(&fixture.admin).header("if-match", "*");
    report.row("the role is removed", demote.json(&json!({ "role": "user" })), done(200)).await;
    report.row("a role removed after the token was issued", users(&former), FORBIDDEN).await;
    let read = app.request(Method::GET, &format!("/v1/orders/{}", fixture.order)).by(&former);
    report.row("another's order by a former moderator", read, ABSENT).await;
    let promote = app.request(Method::PATCH, &format!("/v1/users/{}", fixture.stranger.id));
    let promote = promote.by(&fixture.moderator).header("if-match", "*").json(&json!({ "role": "admin" }));
    report.row("a moderator grants the admin role", promote, FORBIDDEN).await;
    let invite = |user: &TestUser| {
        let account =
            json!({ "email": user.email.replace('@', "+second@"), "name": "Second", "role": "admin" });
        app.request(Method::POST, "/v1/users").by(user).key("second").json(&account)
    };
    report.row("a user creates an administrator", invite(&fixture.buyer), FORBIDDEN).await;
    report.row("a moderator creates an administrator", invite(&fixture.moderator), FORBIDDEN).await;
    let own = app.request(Method::PATCH, "/v1/users/me").by(&fixture.buyer).header("if-match", "*");
    let own = own.json(&json!({ "role": "admin" }));
    report.row("a user promotes themselves", own, refused(400, "VALIDATION_ERROR")).await;
}

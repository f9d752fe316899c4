//! Fields that are none of the caller's business, in requests and in answers.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use test_support::TestUser;
use test_support::app::RequestBuilder;

use super::report::{Report, invalid};
use crate::attacks::fixture::{Fixture, PASSWORD, a_product};

pub(super) async fn run(world: &Fixture, report: &mut Report) {
    report.begin("fields");
    refused_fields(world, report).await;
    declared_fields(world, report).await;
}

/// `body` with one more field.
fn plus(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

/// Method, path, who asks, a body that is fine, and the fields that it must not have.
type Refused<'a> = (&'static str, String, &'a TestUser, Value, &'static str);

fn of_accounts(world: &Fixture) -> Vec<Refused<'_>> {
    let account = json!({ "email": "fields@example.com", "password": PASSWORD, "name": "Canary" });
    let login = json!({ "email": world.buyer.email, "password": PASSWORD });
    let register = "/v1/auth/register".to_owned();
    let own = format!("/v1/users/{}", world.buyer.id);
    vec![
        ("POST", register, &world.buyer, account, "role status id emailVerified version"),
        ("POST", "/v1/auth/login".to_owned(), &world.buyer, login, "role userId"),
        ("PATCH", own, &world.buyer, json!({}), "id emailVerified version passwordHash"),
    ]
}

fn of_markets(world: &Fixture) -> Vec<Refused<'_>> {
    let market = json!({ "name": "Mine", "currency": "EUR" });
    let of_market = format!("/v1/markets/{}", world.market);
    let (products, of_product) = (format!("{of_market}/products"), format!("/v1/products/{}", world.product));
    let seller = &world.seller;
    vec![
        ("POST", "/v1/markets".to_owned(), seller, market, "creatorId ownerId volume version id"),
        ("PATCH", of_market, seller, json!({}), "creatorId ownerId currency volume version"),
        ("POST", products, seller, a_product(), "marketId status version reserved ownerId"),
        ("PATCH", of_product, seller, json!({}), "marketId stock version ownerId"),
    ]
}

fn of_orders(world: &Fixture) -> Vec<Refused<'_>> {
    let order = format!("/v1/orders/{}", world.order);
    let of_order = "price total status buyerId ownerId version id";
    vec![
        ("POST", "/v1/orders".to_owned(), &world.buyer, world.an_order(), of_order),
        ("POST", format!("{order}/cancel"), &world.buyer, json!({}), "status total by"),
        (
            "POST",
            "/v1/jobs".to_owned(),
            &world.seller,
            world.a_job(),
            "status ownerId version id attempts result",
        ),
        ("POST", format!("{order}/refund"), &world.seller, json!({ "reason": "x" }), "status total"),
    ]
}

async fn refused_fields(world: &Fixture, report: &mut Report) {
    let sent = |method: &str, path: &str, by: &TestUser, body: &Value| -> RequestBuilder<'_> {
        let ask = world.shop.ask(method.parse().unwrap(), path).by(by);
        ask.header("if-match", "*").key("fields").json(body)
    };
    for (method, path, by, body, fields) in [of_accounts(world), of_markets(world), of_orders(world)].concat()
    {
        for field in fields.split(' ') {
            let ask = sent(method, &path, by, &plus(body.clone(), field, json!("x")));
            report.row(&format!("{field} in {method} {path}"), ask, invalid(field)).await;
        }
    }
    let item = json!({ "productId": world.product, "quantity": 1, "price": 1 });
    let cheap = sent("POST", "/v1/orders", &world.buyer, &json!({ "items": [item] }));
    report.row("a price in an item", cheap, invalid("items[0].price")).await;
    let taxed = plus(a_product(), "price", json!({ "amount": 1, "currency": "EUR", "tax": 0 }));
    let products = format!("/v1/markets/{}/products", world.market);
    let taxed = sent("POST", &products, &world.seller, &taxed);
    report.row("a field more in a price", taxed, invalid("price.tax")).await;
}

const USER: &[&str] =
    &["id", "email", "name", "role", "status", "emailVerified", "createdAt", "updatedAt", "version"];
const MARKET: &[&str] = &[
    "id",
    "name",
    "description",
    "status",
    "currency",
    "volume",
    "creatorId",
    "createdAt",
    "updatedAt",
    "version",
];
const PRODUCT: &[&str] = &[
    "id",
    "marketId",
    "sku",
    "title",
    "description",
    "price",
    "stock",
    "status",
    "createdAt",
    "updatedAt",
    "version",
];
const ORDER: &[&str] = &[
    "id",
    "status",
    "buyerId",
    "sellerId",
    "marketId",
    "items",
    "total",
    "paymentId",
    "payment",
    "refunds",
    "shipment",
    "createdAt",
    "updatedAt",
    "version",
];
const PAYMENT: &[&str] =
    &["id", "orderId", "gatewayId", "captured", "refunded", "createdAt", "updatedAt", "version"];
const TOKENS: &[&str] = &["accessToken", "tokenType", "expiresIn", "refreshToken", "user"];

/// Answers carry no field that is not declared, whoever asks.
async fn declared_fields(world: &Fixture, report: &mut Report) {
    let shown = async |path: &str, by: &TestUser| {
        world.shop.ask(Method::GET, path).by(by).send().await.data(StatusCode::OK)
    };
    let everybody = [&world.buyer, &world.seller, &world.admin];
    for (path, declared) in [
        ("/v1/users/me".to_owned(), USER),
        (format!("/v1/markets/{}", world.market), MARKET),
        (format!("/v1/products/{}", world.product), PRODUCT),
        (format!("/v1/orders/{}", world.order), ORDER),
        (format!("/v1/payments/{}", world.payment), PAYMENT),
    ] {
        for by in everybody {
            undeclared(report, &format!("{path} for {}", by.email), &shown(&path, by).await, declared);
        }
    }
    for (path, declared) in [("/v1/users", USER), ("/v1/markets", MARKET), ("/v1/orders", ORDER)] {
        let by = if path == "/v1/orders" { &world.buyer } else { &world.admin };
        undeclared(report, path, &shown(path, by).await[0], declared);
    }
    let login = json!({ "email": world.buyer.email, "password": PASSWORD });
    let tokens =
        world.shop.ask(Method::POST, "/v1/auth/login").json(&login).send().await.data(StatusCode::OK);
    undeclared(report, "a login", &tokens, TOKENS);
    undeclared(report, "the user of a login", &tokens["user"], USER);
}

fn undeclared(report: &mut Report, name: &str, shown: &Value, declared: &[&str]) {
    let fields: BTreeSet<&str> =
        shown.as_object().into_iter().flatten().map(|(field, _)| field.as_str()).collect();
    let undeclared: Vec<_> = fields.iter().filter(|field| !declared.contains(field)).collect();
    let holds = undeclared.is_empty() && fields.contains("id") | fields.contains("accessToken");
    report.check(&format!("undeclared fields of {name}"), holds, &format!("{undeclared:?} in {shown}"));
}

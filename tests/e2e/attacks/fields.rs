//! Undeclared fields in requests and responses.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use test_support::TestUser;
use test_support::app::RequestBuilder;

use super::report::{Report, invalid};
use crate::attacks::fixture::{Fixture, PASSWORD, a_product};

pub(super) async fn run(fixture: &Fixture, report: &mut Report) {
    report.begin("fields");
    forbidden_fields(fixture, report).await;
    declared_fields(fixture, report).await;
}

/// Adds a field to a body.
fn with_field(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

/// Method, path, caller, valid body, and fields that the body must not have.
type ForbiddenFields<'a> = (&'static str, String, &'a TestUser, Value, &'static str);

fn of_accounts(fixture: &Fixture) -> Vec<ForbiddenFields<'_>> {
    let account = json!({ "email": "fields@example.com", "password": PASSWORD, "name": "Canary" });
    let login = json!({ "email": fixture.buyer.email, "password": PASSWORD });
    let invited = json!({ "email": "fields@example.com", "name": "Canary", "role": "user" });
    let register = "/v1/auth/register".to_owned();
    let own = format!("/v1/users/{}", fixture.buyer.id);
    vec![
        ("POST", register, &fixture.buyer, account, "role status id emailVerified version"),
        ("POST", "/v1/auth/login".to_owned(), &fixture.buyer, login, "role userId"),
        ("POST", "/v1/users".to_owned(), &fixture.admin, invited, "password status id emailVerified version"),
        ("PATCH", own, &fixture.buyer, json!({}), "id emailVerified pendingEmail version passwordHash"),
    ]
}

fn of_markets(fixture: &Fixture) -> Vec<ForbiddenFields<'_>> {
    let market = json!({ "name": "Mine", "currency": "EUR" });
    let of_market = format!("/v1/markets/{}", fixture.market);
    let (products, of_product) =
        (format!("{of_market}/products"), format!("/v1/products/{}", fixture.product));
    let seller = &fixture.seller;
    vec![
        ("POST", "/v1/markets".to_owned(), seller, market, "creatorId ownerId volume version id"),
        ("PATCH", of_market, seller, json!({}), "creatorId ownerId currency volume version"),
        ("POST", products, seller, a_product(), "marketId status version reserved ownerId"),
        ("PATCH", of_product, seller, json!({}), "marketId stock version ownerId"),
    ]
}

fn of_orders(fixture: &Fixture) -> Vec<ForbiddenFields<'_>> {
    let order = format!("/v1/orders/{}", fixture.order);
    let quote = json!({ "items": [{ "productId": fixture.product, "quantity": 1 }] });
    let of_order = "price total status buyerId ownerId version id";
    vec![
        ("POST", "/v1/orders".to_owned(), &fixture.buyer, fixture.an_order(), of_order),
        ("POST", "/v1/quotes".to_owned(), &fixture.buyer, quote, "price total lines tax paymentMethod"),
        ("POST", format!("{order}/cancel"), &fixture.buyer, json!({}), "status total by"),
        (
            "POST",
            "/v1/jobs".to_owned(),
            &fixture.seller,
            fixture.a_job(),
            "status ownerId version id attempts result",
        ),
        ("POST", format!("{order}/refund"), &fixture.seller, json!({ "reason": "x" }), "status total"),
    ]
}

async fn forbidden_fields(fixture: &Fixture, report: &mut Report) {
    let send = |method: &str, path: &str, by: &TestUser, body: &Value| -> RequestBuilder<'_> {
        let request = fixture.app.request(method.parse().unwrap(), path).by(by);
        request.header("if-match", "*").key("fields").json(body)
    };
    for (method, path, by, body, fields) in
        [of_accounts(fixture), of_markets(fixture), of_orders(fixture)].concat()
    {
        for field in fields.split(' ') {
            let request = send(method, &path, by, &with_field(body.clone(), field, json!("x")));
            report.row(&format!("{field} in {method} {path}"), request, invalid(field)).await;
        }
    }
    let item = json!({ "productId": fixture.product, "quantity": 1, "price": 1 });
    let cheap = send("POST", "/v1/orders", &fixture.buyer, &json!({ "items": [item] }));
    report.row("a price in an item", cheap, invalid("items[0].price")).await;
    let taxed = with_field(a_product(), "price", json!({ "amount": 1, "currency": "EUR", "tax": 0 }));
    let products = format!("/v1/markets/{}/products", fixture.market);
    let taxed = send("POST", &products, &fixture.seller, &taxed);
    report.row("an additional field in a price", taxed, invalid("price.tax")).await;
}

const USER: &[&str] = &[
    "id",
    "email",
    "name",
    "role",
    "status",
    "notifications",
    "emailVerified",
    "createdAt",
    "updatedAt",
    "version",
];
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
    "taxClass",
    "requiresShipping",
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
    "lines",
    "tax",
    "total",
    "paymentId",
    "payment",
    "refunds",
    "shipment",
    "createdAt",
    "updatedAt",
    "version",
];
/// Not shown to the buyer.
const OF_SELLER: &str = "commission";
const ORDER_LIST_ITEM: &[&str] =
    &["id", "status", "buyerId", "sellerId", "marketId", "units", "total", "createdAt"];
const PAYMENT: &[&str] =
    &["id", "orderId", "gatewayId", "captured", "refunded", "createdAt", "updatedAt", "version"];
const TOKENS: &[&str] = &["accessToken", "tokenType", "expiresIn", "refreshToken", "user"];

/// Responses have no undeclared field for any caller.
async fn declared_fields(fixture: &Fixture, report: &mut Report) {
    let get = async |path: &str, by: &TestUser| {
        fixture.app.request(Method::GET, path).by(by).send().await.data(StatusCode::OK)
    };
    let callers = [&fixture.buyer, &fixture.seller, &fixture.admin];
    for (path, declared) in [
        ("/v1/users/me".to_owned(), USER),
        (format!("/v1/markets/{}", fixture.market), MARKET),
        (format!("/v1/products/{}", fixture.product), PRODUCT),
        (format!("/v1/orders/{}", fixture.order), ORDER),
        (format!("/v1/payments/{}", fixture.payment), PAYMENT),
    ] {
        for by in callers {
            let is_of_seller = declared == ORDER && by.email != fixture.buyer.email;
            let declared: Vec<&str> =
                declared.iter().copied().chain(is_of_seller.then_some(OF_SELLER)).collect();
            undeclared(report, &format!("{path} for {}", by.email), &get(&path, by).await, &declared);
        }
    }
    let products = format!("/v1/markets/{}/products", fixture.market);
    for (path, by, declared) in [
        ("/v1/users", &fixture.admin, USER),
        ("/v1/markets", &fixture.admin, MARKET),
        (&*products, &fixture.seller, PRODUCT),
        ("/v1/orders", &fixture.buyer, ORDER_LIST_ITEM),
    ] {
        undeclared(report, path, &get(path, by).await[0], declared);
    }
    let login = json!({ "email": fixture.buyer.email, "password": PASSWORD });
    let tokens =
        fixture.app.request(Method::POST, "/v1/auth/login").json(&login).send().await.data(StatusCode::OK);
    undeclared(report, "a login", &tokens, TOKENS);
    undeclared(report, "the user of a login", &tokens["user"], USER);
}

fn undeclared(report: &mut Report, name: &str, body: &Value, declared: &[&str]) {
    let fields: BTreeSet<&str> =
        body.as_object().into_iter().flatten().map(|(field, _)| field.as_str()).collect();
    let undeclared: Vec<_> = fields.iter().filter(|field| !declared.contains(field)).collect();
    let holds = undeclared.is_empty() && fields.contains("id") | fields.contains("accessToken");
    report.check(&format!("undeclared fields of {name}"), holds, &format!("{undeclared:?} in {body}"));
}

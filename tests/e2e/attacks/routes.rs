//! Every route, called in every role.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use test_support::TestUser;

use super::report::Report;
use crate::attacks::fixture::{Fixture, PASSWORD, a_product};

/// Method, path, body, and the status for an anonymous caller, the buyer, the seller, a moderator and an
/// admin.
type Route = (&'static str, &'static str, fn(&Fixture) -> Value, [u16; 5]);

const ANONYMOUS: usize = 0;
const PUBLIC: [u16; 5] = [200; 5];
const SIGNED_IN: [u16; 5] = [401, 200, 200, 200, 200];
const SELLER_ONLY: [u16; 5] = [401, 403, 200, 403, 403];
const FORGED: [u16; 5] = [401; 5];

fn routes() -> Vec<Route> {
    [accounts(), users(), markets(), orders(), jobs(), dead_letters(), others()].concat()
}

fn accounts() -> Vec<Route> {
    let account = |_: &Fixture| {
        let email = format!("{}@example.com", local::system::aws_ids::uuid());
        json!({ "email": email, "password": PASSWORD, "name": "Canary" })
    };
    vec![
        ("POST", "/v1/auth/register", account, [201; 5]),
        ("POST", "/v1/auth/verify-email", |_| json!({ "token": "x" }), FORGED),
        ("POST", "/v1/auth/login", |w| json!({ "email": w.seller.email, "password": PASSWORD }), PUBLIC),
        ("POST", "/v1/auth/refresh", |_| json!({ "refreshToken": "x" }), FORGED),
        ("POST", "/v1/auth/logout", |_| json!({ "refreshToken": "x" }), FORGED),
        ("POST", "/v1/auth/password-reset", |w| json!({ "email": w.seller.email }), [202; 5]),
        (
            "POST",
            "/v1/auth/password-reset/confirm",
            |_| json!({ "token": "x", "password": PASSWORD }),
            FORGED,
        ),
        ("GET", "/v1/auth/unsubscribe", nothing, PUBLIC),
        ("POST", "/v1/auth/unsubscribe", nothing, FORGED),
        ("GET", "/.well-known/jwks.json", nothing, PUBLIC),
    ]
}

fn new_address() -> String {
    format!("{}@example.com", local::system::aws_ids::uuid())
}

fn users() -> Vec<Route> {
    let replaced =
        |_: &Fixture| json!({ "email": new_address(), "name": "New", "currentPassword": PASSWORD });
    let invited = |_: &Fixture| json!({ "email": new_address(), "name": "New", "role": "admin" });
    vec![
        ("GET", "/v1/users", nothing, [401, 403, 403, 200, 200]),
        ("POST", "/v1/users", invited, [401, 403, 403, 403, 201]),
        ("GET", "/v1/users/me", nothing, SIGNED_IN),
        ("PATCH", "/v1/users/me", |_| json!({ "name": "New" }), SIGNED_IN),
        ("GET", "/v1/users/{id}", nothing, [401, 200, 404, 200, 200]),
        ("PUT", "/v1/users/{id}", replaced, [401, 200, 404, 403, 200]),
        ("PATCH", "/v1/users/{id}", |_| json!({ "name": "New" }), [401, 200, 404, 403, 200]),
        ("PATCH", "/v1/users/{id}", |_| json!({ "status": "suspended" }), [401, 400, 404, 200, 200]),
        ("PATCH", "/v1/users/{id}", |_| json!({ "role": "moderator" }), [401, 400, 404, 403, 200]),
        ("DELETE", "/v1/users/{id}", nothing, [401, 204, 404, 403, 204]),
    ]
}

fn markets() -> Vec<Route> {
    let replaced = |_: &Fixture| {
        let price = json!({ "amount": 5, "currency": "EUR" });
        json!({ "sku": local::system::aws_ids::uuid(), "title": "Cup", "price": price, "status": "active" })
    };
    vec![
        ("GET", "/v1/markets", nothing, PUBLIC),
        ("POST", "/v1/markets", |_| json!({ "name": "Mine", "currency": "EUR" }), [401, 201, 201, 201, 201]),
        ("GET", "/v1/markets/{id}", nothing, PUBLIC),
        ("PUT", "/v1/markets/{id}", |_| json!({ "name": "New", "status": "active" }), SELLER_ONLY),
        ("PATCH", "/v1/markets/{id}", |_| json!({ "name": "New" }), SELLER_ONLY),
        ("PATCH", "/v1/markets/{id}", |_| json!({ "status": "suspended" }), [401, 403, 409, 200, 200]),
        ("DELETE", "/v1/markets/{id}", nothing, [401, 403, 204, 403, 403]),
        ("GET", "/v1/markets/{id}/stats", nothing, [401, 403, 200, 200, 200]),
        ("GET", "/v1/markets/{id}/shipping", nothing, SELLER_ONLY),
        ("PUT", "/v1/markets/{id}/shipping", |_| json!({ "zones": [] }), SELLER_ONLY),
        ("GET", "/v1/markets/{id}/tax", nothing, SELLER_ONLY),
        ("PUT", "/v1/markets/{id}/tax", |_| json!({ "pricesIncludeTax": true, "rates": [] }), SELLER_ONLY),
        ("GET", "/v1/markets/{id}/commission", nothing, [401, 403, 200, 403, 200]),
        ("PUT", "/v1/markets/{id}/commission", |_| json!({ "basisPoints": 500 }), [401, 403, 403, 403, 200]),
        ("GET", "/v1/markets/{id}/balance", nothing, [401, 403, 200, 200, 200]),
        ("GET", "/v1/markets/{id}/ledger", nothing, [401, 403, 200, 200, 200]),
        ("GET", "/v1/ledger/trial-balance", nothing, [401, 403, 403, 200, 200]),
        ("GET", "/v1/markets/{marketId}/products", nothing, PUBLIC),
        ("POST", "/v1/markets/{marketId}/products", |_| a_product(), [401, 403, 201, 403, 403]),
        ("GET", "/v1/products/{id}", nothing, PUBLIC),
        ("PUT", "/v1/products/{id}", replaced, SELLER_ONLY),
        ("PATCH", "/v1/products/{id}", |_| json!({ "title": "New" }), SELLER_ONLY),
        ("DELETE", "/v1/products/{id}", nothing, [401, 403, 204, 403, 403]),
        ("POST", "/v1/products/{id}/stock", |_| json!({ "delta": 1 }), SELLER_ONLY),
        ("GET", "/v1/search", nothing, PUBLIC),
    ]
}

/// An order that waits for its payment can be cancelled, and neither shipped, delivered nor refunded.
fn orders() -> Vec<Route> {
    let shipment = |_: &Fixture| json!({ "carrier": "Post", "trackingNumber": "1" });
    vec![
        ("GET", "/v1/orders", nothing, SIGNED_IN),
        ("POST", "/v1/quotes", |w| w.an_order(), PUBLIC),
        ("POST", "/v1/orders", |w| w.an_order(), [401, 201, 201, 201, 201]),
        ("GET", "/v1/orders/{id}", nothing, SIGNED_IN),
        ("GET", "/v1/orders/{id}/timeline", nothing, SIGNED_IN),
        ("POST", "/v1/orders/{id}/cancel", nothing, [401, 200, 200, 403, 403]),
        ("POST", "/v1/orders/{id}/ship", shipment, [401, 403, 409, 403, 403]),
        ("POST", "/v1/orders/{id}/deliver", nothing, [401, 403, 409, 403, 403]),
        ("POST", "/v1/orders/{id}/refund", |_| json!({ "reason": "because" }), [401, 403, 409, 403, 409]),
    ]
}

/// A scheduled job of the seller can be cancelled; it has no result and can be neither retried nor deleted.
fn jobs() -> Vec<Route> {
    vec![
        ("GET", "/v1/jobs", nothing, SIGNED_IN),
        ("POST", "/v1/jobs", |w| w.a_job(), [401, 403, 202, 202, 202]),
        ("POST", "/v1/jobs", |w| w.a_reindex(), [401, 403, 403, 202, 202]),
        ("DELETE", "/v1/jobs/{id}", nothing, [401, 404, 409, 404, 404]),
        ("GET", "/v1/jobs/{id}", nothing, [401, 404, 200, 404, 404]),
        ("GET", "/v1/jobs/{id}/result", nothing, [401, 404, 409, 404, 404]),
        ("POST", "/v1/jobs/{id}/cancel", nothing, [401, 404, 200, 404, 404]),
        ("POST", "/v1/jobs/{id}/retry", nothing, [401, 404, 409, 404, 404]),
    ]
}

fn dead_letters() -> Vec<Route> {
    let (reads, redrives) = ([401, 403, 403, 200, 200], [401, 403, 403, 403, 200]);
    vec![
        ("GET", "/v1/dead-letters", nothing, reads),
        ("POST", "/v1/dead-letters/redrive", |_| json!({ "queue": "analytics" }), redrives),
        ("GET", "/v1/dead-letters/{id}", nothing, reads),
        ("DELETE", "/v1/dead-letters/{id}", nothing, [401, 403, 403, 403, 204]),
        ("POST", "/v1/dead-letters/{id}/redrive", nothing, redrives),
    ]
}

fn others() -> Vec<Route> {
    vec![
        ("GET", "/v1/events", nothing, [401, 404, 200, 200, 200]),
        ("GET", "/v1/payments/discrepancies", nothing, [401, 403, 403, 200, 200]),
        ("GET", "/v1/payments/{id}", nothing, SIGNED_IN),
        ("POST", "/v1/payments/webhook", |_| json!({ "id": "evt_1" }), FORGED),
        ("GET", "/health", nothing, PUBLIC),
        ("GET", "/health/ready", nothing, PUBLIC),
        ("GET", "/openapi.json", nothing, PUBLIC),
        ("GET", "/docs", nothing, PUBLIC),
        ("GET", "/docs/{proxy+}", nothing, PUBLIC),
        ("GET", "$default", nothing, [404; 5]),
    ]
}

fn nothing(_: &Fixture) -> Value {
    Value::Null
}

pub(crate) async fn run(fixture: &Fixture, report: &mut Report) {
    report.begin("routes");
    let roles = ["an anonymous caller", "a user", "the seller", "a moderator", "an admin"];
    for (method, path, body, statuses) in routes() {
        for (column, status) in statuses.into_iter().enumerate() {
            let (target, target_user) = target(fixture, method, path).await;
            let callers = [
                None,
                target_user.as_ref(),
                Some(&fixture.seller),
                Some(&fixture.moderator),
                Some(&fixture.admin),
            ];
            let key = local::system::aws_ids::uuid();
            let method: Method = method.parse().unwrap();
            let request = fixture.app.request(method.clone(), &target).header("if-match", "*").key(&key);
            let request = if column == ANONYMOUS {
                request
            } else {
                request.by(callers[column].unwrap_or(&fixture.buyer))
            };
            let body = body(fixture);
            let request = if body.is_null() { request } else { request.json(&body) };
            let response = request.send().await;
            let name = format!("{method} {path} {body} by {}", roles[column]);
            report.check(
                &name,
                response.status.as_u16() == status,
                &format!("not {status} but {} {}", response.status, response.text),
            );
        }
    }
    every_route_has_its_rows(fixture, report).await;
}

/// Path to a resource for the route, a new one if the request changes it; for accounts, also the account.
async fn target(fixture: &Fixture, method: &str, path: &str) -> (String, Option<TestUser>) {
    let changes = method != "GET";
    let (target, holder) = match path {
        "/v1/users/{id}" => {
            let customer = fixture.app.register(&local::system::aws_ids::uuid()).await;
            (customer.id.clone(), Some(customer))
        }
        "/v1/markets/{id}" if changes => (fixture.new_market().await, None),
        path if path.starts_with("/v1/markets/{id}") => (fixture.market.clone(), None),
        "/v1/markets/{marketId}/products" | "/v1/events" => (fixture.market.clone(), None),
        path if path.starts_with("/v1/products/") && changes => (fixture.new_product().await, None),
        "/v1/products/{id}" => (fixture.product.clone(), None),
        path if path.starts_with("/v1/orders/") && changes => (fixture.new_order().await, None),
        path if path.starts_with("/v1/orders/") => (fixture.order.clone(), None),
        "/v1/payments/{id}" => (fixture.payment.clone(), None),
        path if path.starts_with("/v1/jobs/") => (fixture.new_job().await, None),
        path if path.starts_with("/v1/dead-letters/{id}") => (fixture.new_dead_letter().await, None),
        _ => (String::new(), None),
    };
    let path = match path {
        "$default" => "/v1/nowhere",
        "/v1/events" => "/v1/events?marketId={marketId}",
        "/v1/search" => "/v1/search?q=mug",
        "/v1/auth/unsubscribe" => "/v1/auth/unsubscribe?token=x",
        path => path,
    };
    (path.replace("{id}", &target).replace("{marketId}", &target).replace("{proxy+}", "index.css"), holder)
}

/// Checks that the table has the template's paths with the methods of their Allow headers, so that a route or
/// method without rows fails.
async fn every_route_has_its_rows(fixture: &Fixture, report: &mut Report) {
    let table: BTreeSet<(String, String)> =
        routes().into_iter().map(|(method, path, ..)| (path.to_owned(), method.to_owned())).collect();
    let mut known = BTreeSet::new();
    for (route, _) in fixture.app.stack().deployment().routes() {
        if route.path == "$default" {
            known.insert((route.path.clone(), "GET".to_owned()));
            continue;
        }
        let path = route.path.replace(['{', '}'], "");
        let response = fixture.app.request(Method::from_bytes(b"PURGE").unwrap(), &path).send().await;
        report.check(
            &format!("PURGE {path}"),
            response.status == StatusCode::METHOD_NOT_ALLOWED,
            &response.text,
        );
        let allow = response.headers.get("allow").and_then(|allow| allow.to_str().ok()).unwrap_or_default();
        let methods = allow.split(',').map(str::trim).filter(|method| *method != "HEAD");
        known.extend(methods.map(|method| (route.path.clone(), method.to_owned())));
    }
    let missing: Vec<_> = known.symmetric_difference(&table).collect();
    report.check("every route and method has its rows", missing.is_empty(), &format!("{missing:?}"));
}

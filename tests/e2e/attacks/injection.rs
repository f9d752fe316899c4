//! Injection into keys and expressions of the table, and into cursors.

use http::{Method, StatusCode};
use serde_json::json;

use super::report::{Expected, Report, done, invalid, refused};
use crate::attacks::fixture::{Fixture, a_product, text};

const ABSENT: Expected = refused(404, "NOT_FOUND");
const INVALID_CURSOR: Expected = refused(400, "INVALID_CURSOR");

/// Text with a meaning in DynamoDB expressions, SQL, JSON or templates.
const HOSTILE: [&str; 6] = [
    ":v OR size(pk) > :z",
    "attribute_exists(pk)",
    "'; DROP TABLE users; --",
    "{\"$gt\":\"\"}",
    "${jndi:ldap://example.com/a}",
    "#n0 = :v0",
];

pub(super) async fn run(fixture: &Fixture, report: &mut Report) {
    report.begin("injection");
    ids(fixture, report).await;
    queries(fixture, report).await;
    values(fixture, report).await;
    cursors(fixture, report).await;
}

async fn ids(fixture: &Fixture, report: &mut Report) {
    let get = |path: &str| fixture.app.request(Method::GET, path).by(&fixture.buyer);
    for id in [
        "USER%23x",
        "user%23x",
        "ord_%23",
        "ord_01J8Z3K5V0ABCDEFGHJKMNPQR%23",
        "..%2Fme",
        "%00",
        "%0d%0a",
        "x%20OR%201=1",
    ] {
        for resource in ["orders", "users", "markets", "products", "payments"] {
            report.row(&format!("{resource}/{id}"), get(&format!("/v1/{resource}/{id}")), ABSENT).await;
        }
    }
    let foreign = format!("/v1/orders/{}", fixture.product);
    report.row("an id of another kind", get(&foreign), ABSENT).await;
    let order = |id: &str| {
        let body = json!({ "items": [{ "productId": id, "quantity": 1 }] });
        fixture.app.request(Method::POST, "/v1/orders").by(&fixture.buyer).key("injection").json(&body)
    };
    for id in ["USER#x", "prd_#", "prd_01J8Z3K5V0ABCDEFGHJKMNPQRS#stock", ""] {
        report.row(&format!("the id {id:?} in a body"), order(id), invalid("items[0].productId")).await;
    }
}

async fn queries(fixture: &Fixture, report: &mut Report) {
    let get = |path: &str| fixture.app.request(Method::GET, path).by(&fixture.admin);
    for text in ["size(pk)", "name%3Bdrop", "%3Av", "-size(pk)%20%3E%20%3Az", "__proto__"] {
        for list in ["users", "markets"] {
            report
                .row(
                    &format!("{list} sorted by {text}"),
                    get(&format!("/v1/{list}?sort={text}")),
                    invalid("sort"),
                )
                .await;
            report
                .row(
                    &format!("{list} with status {text}"),
                    get(&format!("/v1/{list}?status={text}")),
                    invalid("status"),
                )
                .await;
        }
    }
    for (raw, name) in [("size(pk)", "size(pk)"), ("%23n0", "#n0"), ("pk", "pk"), ("%3Av0", ":v0")] {
        for list in ["users", "markets", "orders"] {
            report
                .row(
                    &format!("{list} filtered by {name}"),
                    get(&format!("/v1/{list}?{raw}=1")),
                    invalid(name),
                )
                .await;
        }
    }
    let search = format!("/v1/markets?search={}", "%3Av%20OR%20size(pk)%20%3E%20%3Az");
    let found = report.row("a search for an expression", get(&search), done(200)).await;
    report.check("the search finds nothing", found.json()["data"] == json!([]), &found.text);
}

/// Hostile text is stored and returned literally.
async fn values(fixture: &Fixture, report: &mut Report) {
    for hostile in HOSTILE {
        let market = json!({ "name": hostile, "description": hostile, "currency": "EUR" });
        let id = fixture.create(&fixture.seller, "/v1/markets", &market).await;
        let shown =
            fixture.app.request(Method::GET, &format!("/v1/markets/{id}")).send().await.data(StatusCode::OK);
        let literal = shown["name"] == hostile && shown["description"] == hostile;
        report.check(&format!("{hostile} is stored literally"), literal, &shown.to_string());
        let mut product = a_product();
        product["title"] = json!(hostile);
        let path = format!("/v1/markets/{id}/products");
        let created =
            fixture.app.request(Method::POST, &path).by(&fixture.seller).json(&product).send().await;
        report.check(
            &format!("{hostile} as a title"),
            created.json()["data"]["title"] == hostile,
            &created.text,
        );
    }
    let key = fixture
        .app
        .request(Method::POST, "/v1/orders")
        .by(&fixture.buyer)
        .key("k#1:v")
        .json(&fixture.an_order());
    report.row("an idempotency key with expression text", key, done(201)).await;
}

async fn cursors(fixture: &Fixture, report: &mut Report) {
    for _ in 0..2 {
        fixture.new_order().await;
    }
    let first = fixture.app.request(Method::GET, "/v1/orders?limit=1").by(&fixture.buyer).send().await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    let cursor = text(&first.json()["pagination"]["nextCursor"]);
    let page = |query: &str| fixture.app.request(Method::GET, &format!("/v1/orders?limit=1&cursor={query}"));
    report.row("the caller's own cursor", page(&cursor).by(&fixture.buyer), done(200)).await;
    report.row("another user's cursor", page(&cursor).by(&fixture.stranger), INVALID_CURSOR).await;
    let other = format!("{cursor}&status=pending");
    report.row("another query's cursor", page(&other).by(&fixture.buyer), INVALID_CURSOR).await;
    for path in ["/v1/markets", "/v1/users"] {
        let request = fixture.app.request(Method::GET, &format!("{path}?cursor={cursor}")).by(&fixture.admin);
        report.row(&format!("an orders' cursor on {path}"), request, INVALID_CURSOR).await;
    }
    for (name, forged) in forged(&cursor) {
        report.row(&format!("a cursor: {name}"), page(&forged).by(&fixture.buyer), INVALID_CURSOR).await;
    }
}

/// Cursors that the API did not issue.
fn forged(cursor: &str) -> Vec<(String, String)> {
    let flipped = (0..cursor.len()).step_by(7).map(|at| {
        let mut bytes = cursor.to_owned().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        (format!("byte {at} flipped"), String::from_utf8(bytes).unwrap())
    });
    let flipped: Vec<_> = flipped.collect();
    assert!(flipped.len() > 10, "the cursor is short: {cursor}");
    let other = [
        ("8 KB", "a".repeat(8_192)),
        ("empty", String::new()),
        ("a dot", ".".to_owned()),
        ("not base64", "%00.%00".to_owned()),
    ];
    flipped.into_iter().chain(other.map(|(name, forged)| (name.to_owned(), forged))).collect()
}

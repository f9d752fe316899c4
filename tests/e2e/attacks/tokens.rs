//! Missing, forged, expired and revoked access tokens.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{Method, StatusCode};
use local::keys::KeyPair;
use serde_json::{Value, json};
use shared::domain::user::Role;
use test_support::TestUser;
use test_support::app::RequestBuilder;

use super::report::{Expected, Report, done, refused};
use crate::attacks::fixture::{Fixture, PASSWORD, text};

const UNAUTHENTICATED: Expected = refused(401, "UNAUTHENTICATED");
const INVALID: Expected = refused(401, "INVALID_TOKEN");

pub(super) async fn run(fixture: &Fixture, report: &mut Report) {
    report.begin("tokens");
    credentials(fixture, report).await;
    headers(fixture, report).await;
    claims(fixture, report).await;
    keys(fixture, report).await;
    sessions(fixture, report).await;
}

/// A request that each authenticated caller may make.
fn request(fixture: &Fixture) -> RequestBuilder<'_> {
    fixture.app.request(Method::GET, "/v1/orders")
}

fn bearing<'a>(fixture: &'a Fixture, token: &str) -> RequestBuilder<'a> {
    request(fixture).header("authorization", &format!("Bearer {token}"))
}

/// Claims of a token of the buyer that is issued now.
fn valid_claims(fixture: &Fixture) -> Value {
    let now = local::system::clock::now().as_second();
    json!({
        "iss": "agora", "aud": "agora-api", "sub": fixture.buyer.id, "exp": now + 900, "iat": now,
        "jti": "jti", "role": "user", "sid": "ses_of_an_attack",
    })
}

fn header(pair: &KeyPair) -> Value {
    json!({ "alg": "EdDSA", "typ": "JWT", "kid": pair.public.kid })
}

fn signed(pair: &KeyPair, header: &Value, claims: &Value) -> String {
    let key = Ed25519KeyPair::from_pkcs8(&STANDARD.decode(pair.signing.expose()).unwrap()).unwrap();
    let text = unsigned(header, claims);
    let signature = URL_SAFE_NO_PAD.encode(key.sign(text.as_bytes()));
    format!("{text}.{signature}")
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// Sets a member of an object, or removes it.
fn with(mut value: Value, name: &str, to: Option<Value>) -> Value {
    match to {
        Some(to) => value[name] = to,
        None => drop(value.as_object_mut().unwrap().remove(name)),
    }
    value
}

async fn credentials(fixture: &Fixture, report: &mut Report) {
    report.row("a token of the right kind", request(fixture).by(&fixture.buyer), done(200)).await;
    report.row("no token", request(fixture), UNAUTHENTICATED).await;
    for (name, value) in [
        ("Basic", "Basic dXNlcjpwYXNzd29yZA=="),
        ("an empty Bearer", "Bearer"),
        ("a Bearer of spaces", "Bearer   "),
        ("a bare token", fixture.buyer.token.as_str()),
        ("two tokens in one value", "Bearer a b"),
    ] {
        report.row(name, request(fixture).header("authorization", value), UNAUTHENTICATED).await;
    }
    let twice = request(fixture)
        .by(&fixture.buyer)
        .header("authorization", &format!("Bearer {}", fixture.buyer.token));
    report.row("two Authorization values", twice, UNAUTHENTICATED).await;
    let login = json!({ "email": fixture.buyer.email, "password": PASSWORD });
    let tokens = fixture.app.request(Method::POST, "/v1/auth/login").json(&login).send().await;
    let refresh = text(&tokens.data(StatusCode::OK)["refreshToken"]);
    report.row("a refresh token as access token", bearing(fixture, &refresh), INVALID).await;
    report.row("not a JWT", bearing(fixture, "nonsense"), INVALID).await;
}

async fn headers(fixture: &Fixture, report: &mut Report) {
    let (pair, claims) = (&fixture.present, valid_claims(fixture));
    let valid = header(pair);
    let hostile: [(&str, &str, Option<Value>); 13] = [
        ("an unknown kid", "kid", Some(json!("unknown"))),
        ("a kid with a path", "kid", Some(json!("../../etc/passwd"))),
        ("a kid with a quote", "kid", Some(json!("x' OR '1'='1"))),
        ("a kid with a double quote", "kid", Some(json!("x\"}"))),
        ("a kid of 10 KB", "kid", Some(json!("k".repeat(10_240)))),
        ("a kid that is not a string", "kid", Some(json!({ "$ne": null }))),
        ("no kid", "kid", None),
        ("jku", "jku", Some(json!("https://example.com/jwks.json"))),
        ("x5u", "x5u", Some(json!("https://example.com/x5u"))),
        ("jwk", "jwk", Some(json!(fixture.retired.public))),
        ("crit", "crit", Some(json!(["exp"]))),
        ("alg ES256", "alg", Some(json!("ES256"))),
        ("no alg", "alg", None),
    ];
    for (name, member, value) in hostile {
        let token = signed(pair, &with(valid.clone(), member, value), &claims);
        report.row(name, bearing(fixture, &token), INVALID).await;
    }
    for alg in ["none", "nOnE", "NONE"] {
        let header = with(valid.clone(), "alg", Some(json!(alg)));
        let name = format!("alg {alg}");
        report.row(&name, bearing(fixture, &format!("{}.", unsigned(&header, &claims))), INVALID).await;
        report
            .row(&format!("{name}, signed"), bearing(fixture, &signed(pair, &header, &claims)), INVALID)
            .await;
    }
    let header = with(valid, "alg", Some(json!("HS256")));
    let text = unsigned(&header, &claims);
    let raw = URL_SAFE_NO_PAD.decode(&pair.public.x).unwrap();
    for secret in [raw, pair.public.x.clone().into_bytes()] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), text.as_bytes());
        let token = format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag));
        report.row("HS256 with the public key", bearing(fixture, &token), INVALID).await;
    }
}

async fn claims(fixture: &Fixture, report: &mut Report) {
    let now = local::system::clock::now().as_second();
    let rows: [(&str, &str, Option<Value>, Expected); 18] = [
        ("a future nbf", "nbf", Some(json!(now + 600)), INVALID),
        ("issued in the future", "iat", Some(json!(now + 600)), INVALID),
        ("no exp", "exp", None, INVALID),
        ("an exp that is text", "exp", Some(json!("never")), INVALID),
        ("an exp of 1e308", "exp", Some(json!(1e308)), INVALID),
        ("another aud", "aud", Some(json!("another-api")), INVALID),
        ("no aud", "aud", None, INVALID),
        ("another iss", "iss", Some(json!("https://example.com")), INVALID),
        ("no iss", "iss", None, INVALID),
        ("no sub", "sub", None, INVALID),
        ("a sub that is not a user id", "sub", Some(json!("USER#x")), INVALID),
        ("no iat", "iat", None, INVALID),
        ("no jti", "jti", None, INVALID),
        ("an unknown role", "role", Some(json!("root")), INVALID),
        ("expired within the leeway", "exp", Some(json!(now - 30)), done(200)),
        ("expired beyond the leeway", "exp", Some(json!(now - 61)), refused(401, "TOKEN_EXPIRED")),
        ("expired long ago", "exp", Some(json!(0)), refused(401, "TOKEN_EXPIRED")),
        ("nbf within the leeway", "nbf", Some(json!(now + 30)), done(200)),
    ];
    for (name, claim, value, expected) in rows {
        let token =
            signed(&fixture.present, &header(&fixture.present), &with(valid_claims(fixture), claim, value));
        report.row(name, bearing(fixture, &token), expected).await;
    }
    let mut parts: Vec<String> = fixture.buyer.token.split('.').map(str::to_owned).collect();
    let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(&parts[1]).unwrap()).unwrap();
    parts[1] = URL_SAFE_NO_PAD.encode(payload.replace("\"user\"", "\"admin\""));
    report.row("an edited role", bearing(fixture, &parts.join(".")), INVALID).await;
}

async fn keys(fixture: &Fixture, report: &mut Report) {
    let claims = valid_claims(fixture);
    let token = signed(&fixture.previous, &header(&fixture.previous), &claims);
    report.row("the overlapping key", bearing(fixture, &token), done(200)).await;
    let token = signed(&fixture.retired, &header(&fixture.retired), &claims);
    report.row("a retired key", bearing(fixture, &token), INVALID).await;
    let token = signed(&fixture.retired, &header(&fixture.present), &claims);
    report.row("a wrong key under the right kid", bearing(fixture, &token), INVALID).await;
    let token = signed(&fixture.present, &header(&fixture.previous), &claims);
    report.row("the right key under another kid", bearing(fixture, &token), INVALID).await;
}

async fn sessions(fixture: &Fixture, report: &mut Report) {
    let app = &fixture.app;
    let refresh =
        |token: &Value| app.request(Method::POST, "/v1/auth/refresh").json(&json!({ "refreshToken": token }));
    let moderator = app.user_with_role("suspended-moderator", Role::Moderator).await;
    let log_in = async |customer: &TestUser| {
        let login = json!({ "email": customer.email, "password": PASSWORD });
        app.request(Method::POST, "/v1/auth/login").json(&login).send().await.data(StatusCode::OK)
    };
    let session = log_in(&moderator).await;
    let path = format!("/v1/users/{}", moderator.id);
    let suspend = app.request(Method::PATCH, &path).by(&fixture.admin).header("if-match", "*");
    assert_eq!(suspend.json(&json!({ "status": "suspended" })).send().await.status, StatusCode::OK);
    let revoked = refused(401, "TOKEN_REVOKED");
    let privileged = app.request(Method::GET, "/v1/users").by(&moderator);
    report.row("suspended, a privileged call", privileged, revoked.clone()).await;
    report.row("suspended, refresh", refresh(&session["refreshToken"]), revoked.clone()).await;

    let first = log_in(&fixture.buyer).await["refreshToken"].clone();
    let second = refresh(&first).send().await.data(StatusCode::OK)["refreshToken"].clone();
    let third = refresh(&second).send().await.data(StatusCode::OK)["refreshToken"].clone();
    report.row("refresh reuse", refresh(&first), refused(401, "REFRESH_REUSED")).await;
    report.row("the session of a reused token is revoked", refresh(&third), revoked).await;
    report.row("a forged refresh token", refresh(&json!("forged")), INVALID).await;
}

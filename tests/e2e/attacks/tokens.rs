//! Access tokens that are missing, forged, spent or of another time.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{Method, StatusCode};
use local::keys::Pair;
use serde_json::{Value, json};
use shared::domain::user::Role;
use test_support::TestUser;
use test_support::app::RequestBuilder;

use super::report::{Expected, Report, done, refused};
use crate::attacks::fixture::{Fixture, PASSWORD, text};

const UNAUTHENTICATED: Expected = refused(401, "UNAUTHENTICATED");
const INVALID: Expected = refused(401, "INVALID_TOKEN");

pub(super) async fn run(world: &Fixture, report: &mut Report) {
    report.begin("tokens");
    credentials(world, report).await;
    headers(world, report).await;
    claims(world, report).await;
    keys(world, report).await;
    sessions(world, report).await;
}

/// What everybody may ask for who has a token.
fn ask(world: &Fixture) -> RequestBuilder<'_> {
    world.shop.ask(Method::GET, "/v1/orders")
}

fn bearing<'a>(world: &'a Fixture, token: &str) -> RequestBuilder<'a> {
    ask(world).header("authorization", &format!("Bearer {token}"))
}

/// What a token of the buyer's says that is signed now.
fn said(world: &Fixture) -> Value {
    let now = local::system::clock::now().as_second();
    json!({
        "iss": "agora", "aud": "agora-api", "sub": world.buyer.id, "exp": now + 900, "iat": now,
        "jti": "jti", "role": "user", "sid": "ses_of_an_attack",
    })
}

fn header(pair: &Pair) -> Value {
    json!({ "alg": "EdDSA", "typ": "JWT", "kid": pair.public.kid })
}

fn signed(pair: &Pair, header: &Value, claims: &Value) -> String {
    let key = Ed25519KeyPair::from_pkcs8(&STANDARD.decode(pair.signing.expose()).unwrap()).unwrap();
    let text = unsigned(header, claims);
    let signature = URL_SAFE_NO_PAD.encode(key.sign(text.as_bytes()));
    format!("{text}.{signature}")
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// `value` with `name` set to `to`, or without it.
fn with(mut value: Value, name: &str, to: Option<Value>) -> Value {
    match to {
        Some(to) => value[name] = to,
        None => drop(value.as_object_mut().unwrap().remove(name)),
    }
    value
}

async fn credentials(world: &Fixture, report: &mut Report) {
    report.row("a token of the right kind", ask(world).by(&world.buyer), done(200)).await;
    report.row("no token", ask(world), UNAUTHENTICATED).await;
    for (name, value) in [
        ("Basic", "Basic dXNlcjpwYXNzd29yZA=="),
        ("an empty Bearer", "Bearer"),
        ("a Bearer of spaces", "Bearer   "),
        ("a bare token", world.buyer.token.as_str()),
        ("two tokens in one value", "Bearer a b"),
    ] {
        report.row(name, ask(world).header("authorization", value), UNAUTHENTICATED).await;
    }
    let twice = ask(world).by(&world.buyer).header("authorization", &format!("Bearer {}", world.buyer.token));
    report.row("two Authorization values", twice, UNAUTHENTICATED).await;
    let login = json!({ "email": world.buyer.email, "password": PASSWORD });
    let tokens = world.shop.ask(Method::POST, "/v1/auth/login").json(&login).send().await;
    let refresh = text(&tokens.data(StatusCode::OK)["refreshToken"]);
    report.row("a refresh token as access token", bearing(world, &refresh), INVALID).await;
    report.row("no JWT at all", bearing(world, "nonsense"), INVALID).await;
}

async fn headers(world: &Fixture, report: &mut Report) {
    let (pair, claims) = (&world.present, said(world));
    let ours = header(pair);
    let hostile: [(&str, &str, Option<Value>); 13] = [
        ("an unknown kid", "kid", Some(json!("unknown"))),
        ("a kid that climbs", "kid", Some(json!("../../etc/passwd"))),
        ("a kid with a quote", "kid", Some(json!("x' OR '1'='1"))),
        ("a kid with a double quote", "kid", Some(json!("x\"}"))),
        ("a kid of 10 KB", "kid", Some(json!("k".repeat(10_240)))),
        ("a kid that is no text", "kid", Some(json!({ "$ne": null }))),
        ("no kid", "kid", None),
        ("jku", "jku", Some(json!("https://example.com/jwks.json"))),
        ("x5u", "x5u", Some(json!("https://example.com/x5u"))),
        ("jwk", "jwk", Some(json!(world.retired.public))),
        ("crit", "crit", Some(json!(["exp"]))),
        ("alg ES256", "alg", Some(json!("ES256"))),
        ("no alg", "alg", None),
    ];
    for (name, member, value) in hostile {
        let token = signed(pair, &with(ours.clone(), member, value), &claims);
        report.row(name, bearing(world, &token), INVALID).await;
    }
    for alg in ["none", "nOnE", "NONE"] {
        let header = with(ours.clone(), "alg", Some(json!(alg)));
        let name = format!("alg {alg}");
        report.row(&name, bearing(world, &format!("{}.", unsigned(&header, &claims))), INVALID).await;
        report
            .row(&format!("{name}, signed"), bearing(world, &signed(pair, &header, &claims)), INVALID)
            .await;
    }
    let header = with(ours, "alg", Some(json!("HS256")));
    let text = unsigned(&header, &claims);
    let raw = URL_SAFE_NO_PAD.decode(&pair.public.x).unwrap();
    for secret in [raw, pair.public.x.clone().into_bytes()] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), text.as_bytes());
        let token = format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag));
        report.row("HS256 with the public key", bearing(world, &token), INVALID).await;
    }
}

async fn claims(world: &Fixture, report: &mut Report) {
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
        ("a sub that is no user", "sub", Some(json!("USER#x")), INVALID),
        ("no iat", "iat", None, INVALID),
        ("no jti", "jti", None, INVALID),
        ("an unknown role", "role", Some(json!("root")), INVALID),
        ("expired within the leeway", "exp", Some(json!(now - 30)), done(200)),
        ("expired beyond the leeway", "exp", Some(json!(now - 61)), refused(401, "TOKEN_EXPIRED")),
        ("expired long ago", "exp", Some(json!(0)), refused(401, "TOKEN_EXPIRED")),
        ("nbf within the leeway", "nbf", Some(json!(now + 30)), done(200)),
    ];
    for (name, claim, value, expected) in rows {
        let token = signed(&world.present, &header(&world.present), &with(said(world), claim, value));
        report.row(name, bearing(world, &token), expected).await;
    }
    let mut parts: Vec<String> = world.buyer.token.split('.').map(str::to_owned).collect();
    let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(&parts[1]).unwrap()).unwrap();
    parts[1] = URL_SAFE_NO_PAD.encode(payload.replace("\"user\"", "\"admin\""));
    report.row("an edited role", bearing(world, &parts.join(".")), INVALID).await;
}

async fn keys(world: &Fixture, report: &mut Report) {
    let claims = said(world);
    let token = signed(&world.previous, &header(&world.previous), &claims);
    report.row("the overlapping key", bearing(world, &token), done(200)).await;
    let token = signed(&world.retired, &header(&world.retired), &claims);
    report.row("a retired key", bearing(world, &token), INVALID).await;
    let token = signed(&world.retired, &header(&world.present), &claims);
    report.row("a wrong key under the right kid", bearing(world, &token), INVALID).await;
    let token = signed(&world.present, &header(&world.previous), &claims);
    report.row("the right key under another kid", bearing(world, &token), INVALID).await;
}

async fn sessions(world: &Fixture, report: &mut Report) {
    let shop = &world.shop;
    let refresh =
        |token: &Value| shop.ask(Method::POST, "/v1/auth/refresh").json(&json!({ "refreshToken": token }));
    let moderator = shop.user_with_role("suspended-moderator", Role::Moderator).await;
    let log_in = async |customer: &TestUser| {
        let login = json!({ "email": customer.email, "password": PASSWORD });
        shop.ask(Method::POST, "/v1/auth/login").json(&login).send().await.data(StatusCode::OK)
    };
    let session = log_in(&moderator).await;
    let path = format!("/v1/users/{}", moderator.id);
    let suspend = shop.ask(Method::PATCH, &path).by(&world.admin).header("if-match", "*");
    assert_eq!(suspend.json(&json!({ "status": "suspended" })).send().await.status, StatusCode::OK);
    let revoked = refused(401, "TOKEN_REVOKED");
    let privileged = shop.ask(Method::GET, "/v1/users").by(&moderator);
    report.row("suspended, a privileged call", privileged, revoked.clone()).await;
    report.row("suspended, refresh", refresh(&session["refreshToken"]), revoked.clone()).await;

    let first = log_in(&world.buyer).await["refreshToken"].clone();
    let second = refresh(&first).send().await.data(StatusCode::OK)["refreshToken"].clone();
    let third = refresh(&second).send().await.data(StatusCode::OK)["refreshToken"].clone();
    report.row("refresh reuse", refresh(&first), refused(401, "REFRESH_REUSED")).await;
    report.row("the family of a reused token is dead", refresh(&third), revoked).await;
    report.row("a forged refresh token", refresh(&json!("forged")), INVALID).await;
}

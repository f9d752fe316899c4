//! `POST /v1/auth/register`.

use futures::future::join_all;
use insta::assert_json_snapshot;
use serde_json::json;
use shared::kit::system::clock::Clock;
use test_support::lambda_event::{RouterResponse, masked};

use super::{Auth, PASSWORD, account};

#[tokio::test]
async fn registration_returns_the_account_without_its_password() {
    let auth = Auth::open().await;
    let body = json!({ "email": " Ada@Example.COM ", "password": PASSWORD, "name": "  Ada Lovelace " });
    let response = auth.post("register", &body).await;
    assert_eq!(response.status, 201, "{}", response.json());
    let shown = response.json();
    let id = shown["data"]["id"].as_str().unwrap();
    assert!(id.starts_with("usr_"));
    assert_eq!(response.header("location").unwrap(), format!("/v1/users/{id}"));
    assert_eq!(response.header("etag").unwrap(), "\"1\"");
    assert_eq!(shown["data"]["createdAt"], json!(auth.clock.now()));
    assert_json_snapshot!("registered", masked(&shown, Some(id)));
}

#[tokio::test]
async fn address_is_unique_regardless_of_its_spelling() {
    let auth = Auth::open().await;
    auth.ada().await;
    for spelling in ["ada@example.com", "ADA@example.com", "ada@ｅxample。com "] {
        let response = auth.post("register", &account(spelling)).await;
        assert_eq!(response.error(), (409, "EMAIL_TAKEN"), "{spelling}");
    }
    assert_eq!(auth.post("register", &account("grace@example.com")).await.status, 201);
}

#[tokio::test]
async fn unicode_domain_and_its_a_labels_are_one_account() {
    let auth = Auth::open().await;
    let registered = auth.post("register", &account("jo@jörg.example")).await;
    assert_eq!(registered.json()["data"]["email"], "jo@jörg.example");
    let taken = auth.post("register", &account("jo@xn--jrg-sna.example")).await;
    assert_eq!(taken.error(), (409, "EMAIL_TAKEN"));
    assert_eq!(auth.stored("jo@JÖRG.example").await.0.email.as_str(), "jo@xn--jrg-sna.example");
    for spelling in ["jo@jörg.example", "Jo@XN--JRG-SNA.example", "jo@jo\u{308}rg.example"] {
        let login = auth.post("login", &json!({ "email": spelling, "password": PASSWORD })).await;
        assert_eq!(login.status, 200, "{spelling}");
        assert_eq!(login.json()["data"]["user"]["email"], "jo@jörg.example");
        let reset = auth.post("password-reset", &json!({ "email": spelling })).await;
        assert!(reset.status.is_success(), "{}", reset.json());
    }
}

#[tokio::test]
async fn invalid_fields_are_refused_with_their_rules() {
    let auth = Auth::open().await;
    let body = json!({ "email": "jörg@example.com", "password": "pass\tword", "name": "\u{200B}" });
    let response = auth.post("register", &body).await;
    let expected = json!({
        "email": "must have only ASCII characters before the @: the mail service cannot send to other addresses",
        "password": "must not contain control characters",
        "name": "must not contain the control, line-separator or invisible character U+200B",
    });
    assert_eq!(response.json()["error"]["fields"], expected);
}

#[tokio::test]
async fn one_of_ten_concurrent_registrations_succeeds() {
    let auth = Auth::open().await;
    let body = account("ada@example.com");
    let responses = join_all((0..10).map(|_| auth.post("register", &body).into_future())).await;
    let mut outcomes: Vec<(u16, &str)> = responses.iter().map(RouterResponse::error).collect();
    outcomes.sort_unstable();
    let mut expected = vec![(409, "EMAIL_TAKEN"); 10];
    expected[0] = (201, "");
    assert_eq!(outcomes, expected);
    auth.log_in().await;
}

#[tokio::test]
async fn refused_registration_does_not_change_the_account() {
    let auth = Auth::open().await;
    let id = auth.ada().await["id"].clone();
    let mut attempt = account("ada@example.com");
    attempt["password"] = json!("another password");
    assert_eq!(auth.post("register", &attempt).await.status, 409);
    assert_eq!(auth.log_in().await["user"]["id"], id);
    attempt.as_object_mut().unwrap().remove("name");
    assert_eq!(auth.post("login", &attempt).await.error(), (401, "INVALID_CREDENTIALS"));
}

#[tokio::test]
async fn all_invalid_fields_are_reported() {
    let auth = Auth::open().await;
    let body = json!({ "email": "ada", "password": "1234567", "role": "admin" });
    let response = auth.post("register", &body).await;
    assert_eq!(response.error(), (400, "VALIDATION_ERROR"));
    let expected = json!({
        "email": "must be an e-mail address, like ada@example.com",
        "password": "must be 8 to 128 characters long, and at most 1024 bytes",
        "name": "is required",
        "role": "is not a known field",
    });
    assert_eq!(response.json()["error"]["fields"], expected);
    assert!(!String::from_utf8_lossy(&response.bytes).contains("1234567"));
}

#[tokio::test]
async fn password_must_have_8_to_128_characters() {
    let auth = Auth::open().await;
    for (number, (password, status)) in [
        ("p".repeat(7), 400),
        ("p".repeat(8), 201),
        ("é".repeat(64), 201),
        ("p".repeat(129), 400),
        ("é".repeat(128), 201),
        ("é".repeat(129), 400),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = account(&format!("ada{number}@example.com"));
        body["password"] = json!(password);
        assert_eq!(auth.post("register", &body).await.status, status, "{password}");
    }
}

#[tokio::test]
async fn repetition_with_same_key_returns_the_first_response() {
    let auth = Auth::open().await;
    let body = account("ada@example.com");
    let first = auth.post("register", &body).key("k1").await;
    let second = auth.post("register", &body).key("k1").await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201));
    assert_eq!(first.bytes, second.bytes);
    assert_eq!(first.header("idempotent-replay"), None);
    assert_eq!(second.header("idempotent-replay").unwrap(), "true");
    let other = auth.post("register", &account("grace@example.com")).key("k1").await;
    assert_eq!(other.error(), (422, "IDEMPOTENCY_KEY_REUSED"));
    let long = "k".repeat(300);
    let invalid = auth.post("register", &body).key(&long).await;
    assert_eq!(invalid.error(), (400, "IDEMPOTENCY_KEY_INVALID"));
}

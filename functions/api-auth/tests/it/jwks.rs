//! `GET /.well-known/jwks.json`.

use serde_json::{Value, json};
use shared::kit::auth::access_token::TokenVerifier;
use shared::kit::system::clock::Clock;
use shared::kit::system::config::Environment;
use test_support::lambda_event::RouterResponse;

use super::Auth;

async fn key_set(auth: &Auth) -> RouterResponse {
    auth.api.get("/.well-known/jwks.json").await
}

#[tokio::test]
async fn key_set_has_public_keys_only_and_is_cacheable() {
    let auth = Auth::open().await;
    let response = key_set(&auth).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type").unwrap(), "application/json");
    assert_eq!(response.header("cache-control").unwrap(), "public, max-age=300");
    let body = response.json();
    assert_eq!(body.get("data"), None);
    for key in body["keys"].as_array().unwrap() {
        assert_eq!(
            (&key["kty"], &key["crv"], &key["alg"]),
            (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"))
        );
        assert!(key["kid"].is_string() && key["x"].is_string());
        assert_eq!(key.get("d"), None, "private keys must not be published");
    }
}

#[tokio::test]
async fn tokens_can_be_verified_with_the_published_keys() {
    let auth = Auth::open().await;
    auth.ada().await;
    let published: Value = key_set(&auth).await.json();
    let env = Environment::of([
        ("AGORA_JWT_ISSUER", "agora"),
        ("AGORA_JWT_AUDIENCE", "agora-api"),
        ("AGORA_JWT_PUBLIC_KEYS", &published.to_string()),
    ]);
    let token = auth.log_in().await["accessToken"].as_str().unwrap().to_owned();
    assert!(TokenVerifier::from_env(&env).unwrap().verify(&token, auth.clock.now()).is_ok());
}

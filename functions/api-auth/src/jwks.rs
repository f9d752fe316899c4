//! `GET /.well-known/jwks.json`: the public keys of access tokens (RFC 7517).

use std::borrow::Cow;

use axum::extract::State;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use shared::kit::auth::access_token::KEY_SET_MAX_AGE;
use shared::kit::error::ApiError;
use shared::kit::http::response::Unwrapped;

/// Published key set.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct KeySet(pub(crate) serde_json::Value);

impl JsonSchema for KeySet {
    fn schema_name() -> Cow<'static, str> {
        "KeySet".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "A JSON Web Key Set (RFC 7517) of Ed25519 keys (RFC 8037).",
            "required": ["keys"],
            "properties": {
                "keys": {
                    "type": "array",
                    "description": "Public keys, which verify access tokens.",
                    "items": { "type": "object" }
                }
            },
            "examples": [{
                "keys": [{
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "alg": "EdDSA",
                    "use": "sig",
                    "kid": "2027-01",
                    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
                }]
            }]
        })
    }
}

/// Returns the key set in the format of the RFC, without the `data` envelope. The response is cacheable.
pub(crate) async fn get_jwks(State(key_set): State<KeySet>) -> Result<Unwrapped<KeySet>, ApiError> {
    Ok(Unwrapped { body: key_set, max_age: KEY_SET_MAX_AGE })
}

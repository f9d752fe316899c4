//! `GET /.well-known/jwks.json`: the keys that access tokens are verified with (RFC 7517).

use std::borrow::Cow;

use axum::extract::State;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use shared::kit::auth::access_token::KEY_SET_MAX_AGE;
use shared::kit::command::Store;
use shared::kit::error::ApiError;
use shared::kit::http::response::Unwrapped;
use shared::repository::user::UserReader;

use crate::state::AuthState;

/// The published key set.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct KeySet(pub(crate) serde_json::Value);

impl JsonSchema for KeySet {
    fn schema_name() -> Cow<'static, str> {
        "KeySet".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "A JSON Web Key Set (RFC 7517) of Ed25519 keys (RFC 8037).",
            "required": ["keys"],
            "properties": { "keys": { "type": "array", "items": { "type": "object" } } }
        })
    }
}

/// The key set, as the standard has it: without an envelope. Verifiers may keep it for a while.
pub(crate) async fn get_jwks<S: Store, Q: UserReader>(
    State(accounts): State<AuthState<S, Q>>,
) -> Result<Unwrapped<KeySet>, ApiError> {
    Ok(Unwrapped { body: accounts.key_set, max_age: KEY_SET_MAX_AGE })
}

//! Tokens as their holders see them.

use schemars::JsonSchema;
use serde::Serialize;
use shared::api::UserBody;

/// What lets its holder act as a user.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Tokens")]
pub(crate) struct TokensBody {
    /// Goes into the `Authorization` header.
    pub(crate) access_token: String,
    pub(crate) token_type: &'static str,
    /// How long the access token is valid, in seconds.
    pub(crate) expires_in: u64,
    /// Gets the next pair of tokens, once.
    pub(crate) refresh_token: String,
    pub(crate) user: UserBody,
}

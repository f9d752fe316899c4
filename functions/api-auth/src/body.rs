//! Response body with the tokens of a session.

use schemars::JsonSchema;
use serde::Serialize;
use shared::api::UserBody;

/// Access token and refresh token of a session.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "Tokens",
    extend("examples" = [{
        "accessToken": "<signed access token>",
        "tokenType": "Bearer",
        "expiresIn": 900,
        "refreshToken": "<refresh token>",
        "user": {
            "id": "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS",
            "email": "ada@example.com",
            "emailVerified": true,
            "name": "Ada Lovelace",
            "role": "user",
            "status": "active",
            "notifications": { "sales": true },
            "createdAt": "2027-01-15T08:00:00.000Z",
            "updatedAt": "2027-01-15T08:05:00.000Z",
            "version": 2,
        },
    }])
)]
pub(crate) struct TokensBody {
    /// Access token (JWT) for the `Authorization` header: `Authorization: Bearer <accessToken>`.
    pub(crate) access_token: String,
    /// Type of the access token; always `Bearer`.
    pub(crate) token_type: &'static str,
    /// Lifetime of the access token in seconds.
    pub(crate) expires_in: u64,
    /// Refresh token, which can be exchanged once for the next pair of tokens.
    pub(crate) refresh_token: String,
    /// Account that has logged in.
    pub(crate) user: UserBody,
}

//! Tokens that came by e-mail, as callers hear of them.

use shared::api::email_token::UnverifiedToken;
use shared::kit::auth::access_token::TokenError;
use shared::kit::error::{ApiError, ErrorCode};

/// What a token says, before it is believed.
pub(crate) fn read(token: &str) -> Result<UnverifiedToken, ApiError> {
    UnverifiedToken::read(token).ok_or_else(invalid)
}

/// A token that is none of ours, or was used before: nobody learns which.
pub(crate) fn invalid() -> ApiError {
    ApiError::new(ErrorCode::InvalidToken, "the token is not valid")
}

/// Why a token is not believed.
pub(crate) fn refusal(error: TokenError) -> ApiError {
    match error {
        TokenError::Invalid => invalid(),
        TokenError::Expired => {
            ApiError::new(ErrorCode::TokenExpired, "the token has expired; ask for another")
        }
    }
}

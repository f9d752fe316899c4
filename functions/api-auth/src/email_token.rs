//! Parsing of e-mail tokens, and the API errors for tokens that are not accepted.

use shared::api::email_token::UnverifiedToken;
use shared::kit::auth::access_token::TokenError;
use shared::kit::error::{ApiError, ErrorCode};

/// Parses a token without verifying it.
pub(crate) fn parse(token: &str) -> Result<UnverifiedToken, ApiError> {
    UnverifiedToken::parse(token).ok_or_else(invalid)
}

/// Error for a forged and for a used token; the response does not distinguish them.
pub(crate) fn invalid() -> ApiError {
    ApiError::new(ErrorCode::InvalidToken, "the token is not valid")
}

/// Converts the error of the verification.
pub(crate) fn refusal(error: TokenError) -> ApiError {
    match error {
        TokenError::Invalid => invalid(),
        TokenError::Expired => ApiError::new(ErrorCode::TokenExpired, "the token has expired"),
    }
}

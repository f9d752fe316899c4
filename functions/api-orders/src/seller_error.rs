//! What callers are told who do what only the seller of an order may.

use shared::domain::order::require_seller::SellerRequired;
use shared::kit::error::{ApiError, ErrorCode};

/// 404 for whom the order does not concern, 403 for whom it does.
pub(crate) fn refusal(error: SellerRequired) -> ApiError {
    match error {
        SellerRequired::NotFound => ApiError::not_found(),
        SellerRequired::Forbidden => ApiError::new(ErrorCode::Forbidden, error.to_string()),
    }
}

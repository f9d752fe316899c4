//! HTTP error of an operation that is reserved for the seller of an order.

use shared::domain::order::state_machine::require_seller::SellerRequired;
use shared::kit::error::{ApiError, ErrorCode};

/// 404 if the order is not visible to the caller, 403 if it is.
pub(crate) fn refusal(error: SellerRequired) -> ApiError {
    match error {
        SellerRequired::NotFound => ApiError::not_found(),
        SellerRequired::Forbidden => ApiError::new(ErrorCode::Forbidden, error.to_string()),
    }
}

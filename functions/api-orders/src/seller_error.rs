//! What callers are told who do what only the seller of an order may.

use shared::domain::order::require_seller::NotTheSeller;
use shared::kit::error::{ApiError, Code};

/// 404 for whom the order does not concern, 403 for whom it does.
pub(crate) fn refusal(error: NotTheSeller) -> ApiError {
    match error {
        NotTheSeller::NotFound => ApiError::not_found(),
        NotTheSeller::Forbidden => ApiError::new(Code::Forbidden, error.to_string()),
    }
}

//! `DELETE /v1/products/{id}`: the seller removes a product.

use axum::extract::State;
use shared::api::{AppState, Authenticated, Idempotent};
use shared::domain::product::ProductId;
use shared::domain::product::delete::{DeleteProduct, DeleteProductError};
use shared::kit::command::Store;
use shared::kit::error::{ApiError, ErrorCode};
use shared::kit::http::request::precondition::version_mismatch;
use shared::kit::http::{ApiResponse, IfMatch, NoContent, Path};
use shared::repository::cached::CacheInvalidation;

/// Removes a product, unless orders hold pieces of it.
pub(crate) async fn delete_product<S: Store, Q: CacheInvalidation>(
    State(app): State<AppState<S, Q>>,
    Authenticated(by): Authenticated,
    Path(id): Path<ProductId>,
    seen: IfMatch,
    Idempotent(cause): Idempotent,
) -> Result<NoContent, ApiError> {
    let command = DeleteProduct { id, by, expected: seen.expected() };
    app.store.execute(command, &cause).await.map_err(|error| error.map_refusal(refusal))?;
    app.reader.product_removed(id).await;
    Ok(ApiResponse::no_content())
}

fn refusal(error: DeleteProductError) -> ApiError {
    match error {
        DeleteProductError::NotFound => ApiError::not_found(),
        DeleteProductError::NotYours => ApiError::new(ErrorCode::Forbidden, error.to_string()),
        DeleteProductError::VersionMismatch => version_mismatch(),
        DeleteProductError::Reserved => ApiError::new(ErrorCode::InvalidState, error.to_string()),
    }
}

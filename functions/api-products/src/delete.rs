//! `DELETE /v1/products/{id}`: the seller removes a product.

use axum::extract::State;
use shared::api::{App, Authenticated, Once};
use shared::domain::product::ProductId;
use shared::domain::product::delete::{DeleteProduct, DeleteProductError};
use shared::kit::command::Store;
use shared::kit::error::{ApiError, Code};
use shared::kit::http::request::precondition::version_mismatch;
use shared::kit::http::{IfMatch, NoContent, Path, Reply};
use shared::repository::cached::Remembers;

/// Removes a product, unless orders hold pieces of it.
pub(crate) async fn delete_product<S: Store, Q: Remembers>(
    State(app): State<App<S, Q>>,
    Authenticated(by): Authenticated,
    Path(id): Path<ProductId>,
    seen: IfMatch,
    Once(cause): Once,
) -> Result<NoContent, ApiError> {
    let command = DeleteProduct { id, by, expected: seen.expected() };
    app.store.execute(command, &cause).await.map_err(|error| error.map_refusal(refusal))?;
    app.reader.product_removed(id).await;
    Ok(Reply::no_content())
}

fn refusal(error: DeleteProductError) -> ApiError {
    match error {
        DeleteProductError::NotFound => ApiError::not_found(),
        DeleteProductError::NotYours => ApiError::new(Code::Forbidden, error.to_string()),
        DeleteProductError::VersionMismatch => version_mismatch(),
        DeleteProductError::Reserved => ApiError::new(Code::InvalidState, error.to_string()),
    }
}

//! `DELETE /v1/products/{id}`: the seller deletes a product.

use axum::extract::State;
use shared::api::{Authenticated, Idempotent};
use shared::domain::product::ProductId;
use shared::domain::product::delete::DeleteProduct;
use shared::kit::error::ApiError;
use shared::kit::http::{IfMatch, NoContent, Path};
use shared::repository::cached::WriteThrough;

use crate::Commands;
use crate::body::ProductBody;

/// Deletes a product, unless units of it are reserved for orders.
pub(crate) async fn delete_product(
    State(app): State<Commands>,
    Authenticated(by): Authenticated,
    Path(id): Path<ProductId>,
    if_match: IfMatch<ProductBody>,
    Idempotent(context): Idempotent,
) -> Result<NoContent, ApiError> {
    let command = DeleteProduct { id, by, expected: if_match.expected() };
    let executed = app.execute_as(&by, command, &context).await?;
    app.queries.reader.product_removed(id).await;
    Ok(NoContent::deleted(&executed))
}

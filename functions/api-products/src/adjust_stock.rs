//! `POST /v1/products/{id}/stock`: the seller adjusts the available stock of a product.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::deserialize::StockDelta;
use shared::api::{Authenticated, Idempotent};
use shared::domain::product::ProductId;
use shared::domain::product::adjust_stock::AdjustStock;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, Json, Path, Versioned};
use shared::repository::cached::WriteThrough;

use crate::Commands;
use crate::body::ProductBody;

/// Adjustment of the stock of a product.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields, extend("examples" = [{ "delta": -3 }]))]
pub(crate) struct RestockRequest {
    /// Number of units to add to the available stock; negative to remove units. Not 0.
    delta: StockDelta,
}

/// Adds units to the available stock, or removes them.
pub(crate) async fn restock_product(
    State(app): State<Commands>,
    Authenticated(actor): Authenticated,
    Path(id): Path<ProductId>,
    Idempotent(context): Idempotent,
    Json(request): Json<RestockRequest>,
) -> Result<Versioned<ProductBody>, ApiError> {
    let command = AdjustStock { id, by: actor, delta: request.delta.0 };
    let adjusted = app.execute_as(&actor, command, &context).await?;
    if let Some(product) = adjusted.committed() {
        app.queries.reader.product_written(product).await;
    }
    Ok(ApiResponse::updated(adjusted.map(ProductBody::from)))
}

//! `POST /v1/products/{id}/stock`: the seller corrects how much of a product there is.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::deserialize::StockDelta;
use shared::api::{AppState, Authenticated, Idempotent};
use shared::domain::product::ProductId;
use shared::domain::product::adjust_stock::{AdjustStock, AdjustStockError};
use shared::kit::command::Store;
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::{ApiResponse, Json, Path, Versioned};
use shared::repository::cached::CacheInvalidation;

use crate::body::ProductBody;

/// By how much the stock changes.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RestockRequest {
    /// Pieces more; negative: fewer.
    delta: StockDelta,
}

/// Adds pieces to what is available, or takes them away.
pub(crate) async fn restock_product<S: Store, Q: CacheInvalidation>(
    State(app): State<AppState<S, Q>>,
    Authenticated(actor): Authenticated,
    Path(id): Path<ProductId>,
    Idempotent(cause): Idempotent,
    Json(request): Json<RestockRequest>,
) -> Result<Versioned<ProductBody>, ApiError> {
    let command = AdjustStock { id, by: actor, delta: request.delta.0 };
    let restocked = app.store.execute(command, &cause).await.map_err(|error| error.map_refusal(refusal))?;
    if let Some(product) = restocked.committed() {
        app.reader.product_written(product).await;
    }
    Ok(ApiResponse::updated(restocked.map(ProductBody::from)))
}

fn refusal(error: AdjustStockError) -> ApiError {
    let says = error.to_string();
    match error {
        AdjustStockError::NotFound => ApiError::not_found(),
        AdjustStockError::NotYours => ApiError::new(ErrorCode::Forbidden, says),
        AdjustStockError::InsufficientStock => ApiError::new(ErrorCode::InsufficientStock, says),
    }
}

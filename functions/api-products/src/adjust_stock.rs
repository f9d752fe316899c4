//! `POST /v1/products/{id}/stock`: the seller corrects how much of a product there is.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::deserialize::Pieces;
use shared::api::{App, Authenticated, Once};
use shared::domain::product::ProductId;
use shared::domain::product::adjust_stock::{RestockError, RestockProduct};
use shared::kit::command::Store;
use shared::kit::error::{ApiError, Code, FieldErrors};
use shared::kit::http::{Json, Path, Reply, Shown};
use shared::repository::cached::Remembers;

use crate::body::ProductBody;

/// By how much the stock changes.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RestockRequest {
    /// Pieces more; negative: fewer.
    delta: Pieces,
}

/// Adds pieces to what is available, or takes them away.
pub(crate) async fn restock_product<S: Store, Q: Remembers>(
    State(app): State<App<S, Q>>,
    Authenticated(actor): Authenticated,
    Path(id): Path<ProductId>,
    Once(cause): Once,
    Json(request): Json<RestockRequest>,
) -> Result<Shown<ProductBody>, ApiError> {
    let command = RestockProduct { id, by: actor, delta: request.delta.0 };
    let restocked = app.store.execute(command, &cause).await.map_err(|error| error.map_refusal(refusal))?;
    if let Some(product) = restocked.committed() {
        app.reader.product_written(product).await;
    }
    Ok(Reply::changed(restocked.map(ProductBody::from)))
}

fn refusal(error: RestockError) -> ApiError {
    let says = error.to_string();
    match error {
        RestockError::NotFound => ApiError::not_found(),
        RestockError::NotYours => ApiError::new(Code::Forbidden, says),
        RestockError::InsufficientStock => ApiError::new(Code::InsufficientStock, says),
    }
}

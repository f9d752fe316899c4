//! `PUT` and `PATCH /v1/products/{id}`: the seller changes a product.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::deserialize::{NonNull, Patch};
use shared::api::{AppState, Authenticated, Idempotent};
use shared::domain::product::update::{ProductChanges, UpdateProduct, UpdateProductError};
use shared::domain::product::{ProductId, ProductStatus};
use shared::domain::values::money::Money;
use shared::domain::values::text::{Description, Sku, Title};
use shared::kit::command::{CommandContext, Store};
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::request::precondition::version_mismatch;
use shared::kit::http::{ApiResponse, IfMatch, Json, Path, Versioned};
use shared::repository::cached::CacheInvalidation;

use crate::body::ProductBody;

/// All of a product that can be changed.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReplaceProductRequest {
    sku: Sku,
    title: Title,
    #[deserr(default)]
    description: Option<Description>,
    price: Money,
    status: StatusRequest,
}

/// What changes about a product: a merge patch.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PatchProductRequest {
    #[deserr(default)]
    #[schemars(default)]
    sku: NonNull<Sku>,
    #[deserr(default)]
    #[schemars(default)]
    title: NonNull<Title>,
    #[deserr(default)]
    #[schemars(default)]
    description: Patch<Description>,
    #[deserr(default)]
    #[schemars(default)]
    price: NonNull<Money>,
    #[deserr(default)]
    #[schemars(default)]
    status: NonNull<StatusRequest>,
}

#[derive(Debug, Clone, Copy, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = lowercase)]
#[schemars(rename_all = "lowercase", inline)]
enum StatusRequest {
    Active,
    Archived,
}

/// Replaces what can be changed about a product.
pub(crate) async fn replace_product<S: Store, Q: CacheInvalidation>(
    State(app): State<AppState<S, Q>>,
    Authenticated(by): Authenticated,
    Path(id): Path<ProductId>,
    seen: IfMatch,
    Idempotent(cause): Idempotent,
    Json(request): Json<ReplaceProductRequest>,
) -> Result<Versioned<ProductBody>, ApiError> {
    let changes = ProductChanges {
        sku: Some(request.sku),
        title: Some(request.title),
        description: Some(request.description),
        price: Some(request.price),
        status: Some(request.status.into()),
    };
    change_product(&app, UpdateProduct { id, by, expected: seen.expected(), changes }, &cause).await
}

/// Changes some of a product.
pub(crate) async fn patch_product<S: Store, Q: CacheInvalidation>(
    State(app): State<AppState<S, Q>>,
    Authenticated(by): Authenticated,
    Path(id): Path<ProductId>,
    seen: IfMatch,
    Idempotent(cause): Idempotent,
    Json(request): Json<PatchProductRequest>,
) -> Result<Versioned<ProductBody>, ApiError> {
    let changes = ProductChanges {
        sku: request.sku.0,
        title: request.title.0,
        description: request.description.into_change(),
        price: request.price.0,
        status: request.status.0.map(ProductStatus::from),
    };
    change_product(&app, UpdateProduct { id, by, expected: seen.expected(), changes }, &cause).await
}

async fn change_product<S: Store, Q: CacheInvalidation>(
    app: &AppState<S, Q>,
    command: UpdateProduct,
    cause: &CommandContext,
) -> Result<Versioned<ProductBody>, ApiError> {
    let changed = app.store.execute(command, cause).await.map_err(|error| error.map_refusal(refusal))?;
    if let Some(product) = changed.committed() {
        app.reader.product_written(product).await;
    }
    Ok(ApiResponse::updated(changed.map(ProductBody::from)))
}

impl From<StatusRequest> for ProductStatus {
    fn from(status: StatusRequest) -> Self {
        match status {
            StatusRequest::Active => Self::Active,
            StatusRequest::Archived => Self::Archived,
        }
    }
}

fn refusal(error: UpdateProductError) -> ApiError {
    let says = error.to_string();
    match error {
        UpdateProductError::NotFound => ApiError::not_found(),
        UpdateProductError::NotYours => ApiError::new(ErrorCode::Forbidden, says),
        UpdateProductError::VersionMismatch => version_mismatch(),
        UpdateProductError::CurrencyMismatch => ApiError::field("price.currency", says),
        UpdateProductError::SkuTaken => {
            ApiError::new(ErrorCode::Conflict, says.clone()).with_field("sku", says)
        }
    }
}

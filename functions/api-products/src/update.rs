//! `PUT` and `PATCH /v1/products/{id}`: the seller changes a product.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::deserialize::{Given, Patch};
use shared::api::{App, Authenticated, Once};
use shared::domain::product::update::{ProductChanges, UpdateProduct, UpdateProductError};
use shared::domain::product::{ProductId, ProductStatus};
use shared::domain::values::money::Money;
use shared::domain::values::text::{Description, Sku, Title};
use shared::kit::command::{Cause, Store};
use shared::kit::error::{ApiError, Code, FieldErrors};
use shared::kit::http::request::precondition::version_mismatch;
use shared::kit::http::{IfMatch, Json, Path, Reply, Shown};
use shared::repository::cached::Remembers;

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
    sku: Given<Sku>,
    #[deserr(default)]
    #[schemars(default)]
    title: Given<Title>,
    #[deserr(default)]
    #[schemars(default)]
    description: Patch<Description>,
    #[deserr(default)]
    #[schemars(default)]
    price: Given<Money>,
    #[deserr(default)]
    #[schemars(default)]
    status: Given<StatusRequest>,
}

#[derive(Debug, Clone, Copy, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = lowercase)]
#[schemars(rename_all = "lowercase", inline)]
enum StatusRequest {
    Active,
    Archived,
}

/// Replaces what can be changed about a product.
pub(crate) async fn replace_product<S: Store, Q: Remembers>(
    State(app): State<App<S, Q>>,
    Authenticated(by): Authenticated,
    Path(id): Path<ProductId>,
    seen: IfMatch,
    Once(cause): Once,
    Json(request): Json<ReplaceProductRequest>,
) -> Result<Shown<ProductBody>, ApiError> {
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
pub(crate) async fn patch_product<S: Store, Q: Remembers>(
    State(app): State<App<S, Q>>,
    Authenticated(by): Authenticated,
    Path(id): Path<ProductId>,
    seen: IfMatch,
    Once(cause): Once,
    Json(request): Json<PatchProductRequest>,
) -> Result<Shown<ProductBody>, ApiError> {
    let changes = ProductChanges {
        sku: request.sku.0,
        title: request.title.0,
        description: request.description.into_change(),
        price: request.price.0,
        status: request.status.0.map(ProductStatus::from),
    };
    change_product(&app, UpdateProduct { id, by, expected: seen.expected(), changes }, &cause).await
}

async fn change_product<S: Store, Q: Remembers>(
    app: &App<S, Q>,
    command: UpdateProduct,
    cause: &Cause,
) -> Result<Shown<ProductBody>, ApiError> {
    let changed = app.store.execute(command, cause).await.map_err(|error| error.map_refusal(refusal))?;
    if let Some(product) = changed.committed() {
        app.reader.product_written(product).await;
    }
    Ok(Reply::changed(changed.map(ProductBody::from)))
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
        UpdateProductError::NotYours => ApiError::new(Code::Forbidden, says),
        UpdateProductError::VersionMismatch => version_mismatch(),
        UpdateProductError::CurrencyMismatch => ApiError::field("price.currency", says),
        UpdateProductError::SkuTaken => ApiError::new(Code::Conflict, says.clone()).with_field("sku", says),
    }
}

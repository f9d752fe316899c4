//! `PUT` and `PATCH /v1/products/{id}`: the seller updates a product.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::deserialize::{NonNull, Patch};
use shared::api::{Authenticated, Idempotent};
use shared::domain::market::settings::tax::TaxClass;
use shared::domain::product::update::{ProductChanges, UpdateProduct};
use shared::domain::product::{ProductId, ProductStatus};
use shared::domain::values::money::Money;
use shared::domain::values::text::{Description, Sku, Title};
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, IfMatch, Json, Path, Versioned};
use shared::repository::cached::WriteThrough;

use crate::Commands;
use crate::body::ProductBody;

/// All modifiable fields of a product.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{
        "sku": "MUG-1",
        "title": "Mug, hand-thrown",
        "description": "Stoneware, 300 ml, dishwasher-safe.",
        "price": { "amount": 2199, "currency": "EUR" },
        "status": "active",
    }]),
)]
pub(crate) struct ReplaceProductRequest {
    /// Stock-keeping unit; unique in the market.
    sku: Sku,
    /// Title of the product; 1 to 200 characters.
    title: Title,
    /// Description of the product; 1 to 5000 characters. If it is absent, the current one is removed.
    #[deserr(default)]
    description: Option<Description>,
    /// Price per unit, in the currency of the market. It applies to new orders.
    price: Money,
    /// Tax class; the default is `standard`.
    #[deserr(default)]
    #[schemars(default)]
    tax_class: NonNull<TaxClass>,
    /// False for digital products and services, which are not shipped; the default is true.
    #[deserr(default)]
    #[schemars(default)]
    requires_shipping: NonNull<bool>,
    /// Status of the product.
    status: ProductStatus,
}

/// Fields of a product to change (JSON Merge Patch, RFC 7396). Absent fields stay unchanged.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{ "price": { "amount": 2199, "currency": "EUR" }, "description": null }]),
)]
pub(crate) struct PatchProductRequest {
    /// New stock-keeping unit; unique in the market.
    #[deserr(default)]
    #[schemars(default)]
    sku: NonNull<Sku>,
    /// New title; 1 to 200 characters.
    #[deserr(default)]
    #[schemars(default)]
    title: NonNull<Title>,
    /// New description, 1 to 5000 characters; null removes it.
    #[deserr(default)]
    #[schemars(default)]
    description: Patch<Description>,
    /// New price per unit, in the currency of the market. It applies to new orders.
    #[deserr(default)]
    #[schemars(default)]
    price: NonNull<Money>,
    /// New tax class.
    #[deserr(default)]
    #[schemars(default)]
    tax_class: NonNull<TaxClass>,
    /// False if the product is not shipped any more, for example because it is digital.
    #[deserr(default)]
    #[schemars(default)]
    requires_shipping: NonNull<bool>,
    /// New status.
    #[deserr(default)]
    #[schemars(default)]
    status: NonNull<ProductStatus>,
}

/// Updates a product: all modifiable fields, or single ones.
pub(crate) async fn update_product<R: Into<ProductChanges>>(
    State(app): State<Commands>,
    Authenticated(by): Authenticated,
    Path(id): Path<ProductId>,
    if_match: IfMatch<ProductBody>,
    Idempotent(context): Idempotent,
    Json(request): Json<R>,
) -> Result<Versioned<ProductBody>, ApiError> {
    let command = UpdateProduct { id, by, expected: if_match.expected(), changes: request.into() };
    let updated = app.execute_as(&by, command, &context).await?;
    if let Some(product) = updated.committed() {
        app.queries.reader.product_written(product).await;
    }
    Ok(ApiResponse::updated(updated.map(ProductBody::from)))
}

impl From<ReplaceProductRequest> for ProductChanges {
    fn from(request: ReplaceProductRequest) -> Self {
        Self {
            sku: Some(request.sku),
            title: Some(request.title),
            description: Some(request.description),
            price: Some(request.price),
            tax_class: Some(request.tax_class.0.unwrap_or_default()),
            requires_shipping: Some(request.requires_shipping.0.unwrap_or(true)),
            status: Some(request.status),
        }
    }
}

impl From<PatchProductRequest> for ProductChanges {
    fn from(request: PatchProductRequest) -> Self {
        Self {
            sku: request.sku.0,
            title: request.title.0,
            description: request.description.into_change(),
            price: request.price.0,
            tax_class: request.tax_class.0,
            requires_shipping: request.requires_shipping.0,
            status: request.status.0,
        }
    }
}

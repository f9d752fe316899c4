//! `POST /v1/markets/{marketId}/products`: the seller creates a product in a market.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::deserialize::{InitialStock, NonNull};
use shared::api::{Authenticated, Idempotent};
use shared::domain::market::MarketId;
use shared::domain::market::settings::tax::TaxClass;
use shared::domain::product::ProductId;
use shared::domain::product::create::{CreateProduct, NewProduct};
use shared::domain::values::id::Id;
use shared::domain::values::money::Money;
use shared::domain::values::text::{Description, Sku, Title};
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, Created, Json, Path};
use shared::repository::cached::WriteThrough;

use crate::Commands;
use crate::body::ProductBody;

/// Product to create.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{
        "sku": "MUG-1",
        "title": "Mug, hand-thrown",
        "description": "Stoneware, 300 ml, dishwasher-safe.",
        "price": { "amount": 1999, "currency": "EUR" },
        "stock": 10,
    }]),
)]
pub(crate) struct CreateProductRequest {
    /// Stock-keeping unit; unique in the market.
    sku: Sku,
    /// Title of the product; 1 to 200 characters.
    title: Title,
    /// Description of the product; 1 to 5000 characters.
    #[deserr(default)]
    description: Option<Description>,
    /// Price per unit, in the currency of the market.
    price: Money,
    /// Tax class; the default is `standard`.
    #[deserr(default)]
    #[schemars(default)]
    tax_class: NonNull<TaxClass>,
    /// False for digital products and services, which are not shipped; the default is true.
    #[deserr(default)]
    #[schemars(default)]
    requires_shipping: NonNull<bool>,
    /// Initial number of available units.
    stock: InitialStock,
}

/// Creates a product in a market of the caller.
pub(crate) async fn create_product(
    State(app): State<Commands>,
    Authenticated(actor): Authenticated,
    Path(market_id): Path<MarketId>,
    Idempotent(context): Idempotent,
    Json(request): Json<CreateProductRequest>,
) -> Result<Created<ProductBody>, ApiError> {
    let product = request.into_product(Id::generate(context.at, &app.entropy));
    let command = CreateProduct { market_id, by: actor, product };
    let created = app.execute_as(&actor, command, &context).await?;
    if let Some(product) = created.committed() {
        app.queries.reader.product_written(product).await;
    }
    Ok(ApiResponse::created(created.map(ProductBody::from)))
}

impl CreateProductRequest {
    fn into_product(self, id: ProductId) -> NewProduct {
        let Self { sku, title, description, price, tax_class, requires_shipping, stock } = self;
        let tax_class = tax_class.0.unwrap_or_default();
        let requires_shipping = requires_shipping.0.unwrap_or(true);
        NewProduct { id, sku, title, description, price, tax_class, requires_shipping, stock: stock.0 }
    }
}

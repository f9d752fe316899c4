//! `POST /v1/markets/{marketId}/products`: the seller lists a product.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::deserialize::InitialStock;
use shared::api::{AppState, Authenticated, Idempotent};
use shared::domain::market::MarketId;
use shared::domain::product::ProductId;
use shared::domain::product::create::{CreateProduct, CreateProductError, NewProduct};
use shared::domain::values::id::Id;
use shared::domain::values::money::Money;
use shared::domain::values::text::{Description, Sku, Title};
use shared::kit::command::Store;
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::{ApiResponse, Created, Json, Path};
use shared::repository::cached::CacheInvalidation;

use crate::body::ProductBody;

/// A product to be listed.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateProductRequest {
    /// Unique in the market.
    sku: Sku,
    title: Title,
    #[deserr(default)]
    description: Option<Description>,
    price: Money,
    /// How many pieces there are to begin with.
    stock: InitialStock,
}

/// Lists a product in a market of the caller's.
pub(crate) async fn create_product<S: Store, Q: CacheInvalidation>(
    State(app): State<AppState<S, Q>>,
    Authenticated(actor): Authenticated,
    Path(market_id): Path<MarketId>,
    Idempotent(cause): Idempotent,
    Json(request): Json<CreateProductRequest>,
) -> Result<Created<ProductBody>, ApiError> {
    let product = request.into_product(Id::generate(cause.at, &app.entropy));
    let command = CreateProduct { market_id, by: actor, product };
    let listed = app.store.execute(command, &cause).await.map_err(|error| error.map_refusal(refusal))?;
    if let Some(product) = listed.committed() {
        app.reader.product_written(product).await;
    }
    Ok(ApiResponse::created(listed.map(ProductBody::from)))
}

impl CreateProductRequest {
    fn into_product(self, id: ProductId) -> NewProduct {
        let Self { sku, title, description, price, stock } = self;
        NewProduct { id, sku, title, description, price, stock: stock.0 }
    }
}

fn refusal(error: CreateProductError) -> ApiError {
    let says = error.to_string();
    match error {
        CreateProductError::NoMarket => ApiError::not_found(),
        CreateProductError::NotYours => ApiError::new(ErrorCode::Forbidden, says),
        CreateProductError::MarketClosed => ApiError::new(ErrorCode::InvalidState, says),
        CreateProductError::CurrencyMismatch => ApiError::field("price.currency", says),
        CreateProductError::SkuTaken => {
            ApiError::new(ErrorCode::Conflict, says.clone()).with_field("sku", says)
        }
    }
}

//! `POST /v1/markets/{marketId}/products`: the seller lists a product.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::deserialize::OpeningStock;
use shared::api::{App, Authenticated, Once};
use shared::domain::market::MarketId;
use shared::domain::product::ProductId;
use shared::domain::product::create::{CreateProduct, CreateProductError, NewProduct};
use shared::domain::values::id::Id;
use shared::domain::values::money::Money;
use shared::domain::values::text::{Description, Sku, Title};
use shared::kit::command::Store;
use shared::kit::error::{ApiError, Code, FieldErrors};
use shared::kit::http::{Created, Json, Path, Reply};
use shared::repository::cached::Remembers;

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
    stock: OpeningStock,
}

/// Lists a product in a market of the caller's.
pub(crate) async fn create_product<S: Store, Q: Remembers>(
    State(app): State<App<S, Q>>,
    Authenticated(actor): Authenticated,
    Path(market_id): Path<MarketId>,
    Once(cause): Once,
    Json(request): Json<CreateProductRequest>,
) -> Result<Created<ProductBody>, ApiError> {
    let product = request.into_product(Id::generate(cause.at, &app.entropy));
    let command = CreateProduct { market_id, by: actor, product };
    let listed = app.store.execute(command, &cause).await.map_err(|error| error.map_refusal(refusal))?;
    if let Some(product) = listed.committed() {
        app.reader.product_written(product).await;
    }
    Ok(Reply::created(listed.map(ProductBody::from)))
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
        CreateProductError::NotYours => ApiError::new(Code::Forbidden, says),
        CreateProductError::MarketClosed => ApiError::new(Code::InvalidState, says),
        CreateProductError::CurrencyMismatch => ApiError::field("price.currency", says),
        CreateProductError::SkuTaken => ApiError::new(Code::Conflict, says.clone()).with_field("sku", says),
    }
}

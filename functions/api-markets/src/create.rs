//! `POST /v1/markets`: somebody opens a market.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::deserialize::{Bounded, InitialStock};
use shared::api::{AppState, Authenticated, Idempotent};
use shared::domain::market::create::{CreateMarket, CreateMarketError, InitialStatus, MAX_INITIAL_PRODUCTS};
use shared::domain::market::totals::MarketWithVolume;
use shared::domain::product::create::NewProduct;
use shared::domain::values::actor::Actor;
use shared::domain::values::id::Id;
use shared::domain::values::money::{Currency, Money};
use shared::domain::values::text::{Description, Name, Sku, Title};
use shared::kit::command::Store;
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::{ApiResponse, Created, Json};
use shared::kit::system::clock::{SystemEntropy, Timestamp};
use shared::repository::cached::CacheInvalidation;

use crate::body::MarketBody;

/// A market to be opened.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateMarketRequest {
    name: Name,
    #[deserr(default)]
    description: Option<Description>,
    currency: Currency,
    #[deserr(default)]
    status: Option<OpeningStatusRequest>,
    /// Up to 20 products to begin with.
    #[deserr(default)]
    #[schemars(default)]
    products: Bounded<OpeningProductRequest, 0, MAX_INITIAL_PRODUCTS>,
}

#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = lowercase)]
#[schemars(rename_all = "lowercase", inline)]
enum OpeningStatusRequest {
    Draft,
    Active,
}

#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
struct OpeningProductRequest {
    sku: Sku,
    title: Title,
    #[deserr(default)]
    description: Option<Description>,
    price: Money,
    stock: InitialStock,
}

/// Opens a market with its first products: all of it or nothing.
pub(crate) async fn create_market<S: Store, Q: CacheInvalidation>(
    State(app): State<AppState<S, Q>>,
    Authenticated(actor): Authenticated,
    Idempotent(cause): Idempotent,
    Json(request): Json<CreateMarketRequest>,
) -> Result<Created<MarketBody>, ApiError> {
    let command = request.into_command(actor, cause.at, app.entropy);
    let opened = app.store.execute(command, &cause).await.map_err(|error| error.map_refusal(refusal))?;
    let opened = opened.map(|market| MarketWithVolume::new(market, None));
    if let Some(market) = opened.committed() {
        app.reader.market_written(market).await;
    }
    Ok(ApiResponse::created(opened.map(MarketBody::from)))
}

impl CreateMarketRequest {
    fn into_command(self, by: Actor, now: Timestamp, entropy: SystemEntropy) -> CreateMarket {
        let products = self.products.0.into_iter().map(|product| NewProduct {
            id: Id::generate(now, &entropy),
            sku: product.sku,
            title: product.title,
            description: product.description,
            price: product.price,
            stock: product.stock.0,
        });
        let status = match self.status {
            Some(OpeningStatusRequest::Draft) => InitialStatus::Draft,
            Some(OpeningStatusRequest::Active) | None => InitialStatus::Active,
        };
        let (name, description, currency) = (self.name, self.description, self.currency);
        let id = Id::generate(now, &entropy);
        CreateMarket { id, by, name, description, currency, status, products: products.collect() }
    }
}

fn refusal(error: CreateMarketError) -> ApiError {
    let says = error.to_string();
    match error {
        CreateMarketError::DuplicateSku { index } => ApiError::field(format!("products[{index}].sku"), says),
        CreateMarketError::CurrencyMismatch { index } => {
            ApiError::field(format!("products[{index}].price.currency"), says)
        }
        CreateMarketError::SkuTaken(_) => ApiError::new(ErrorCode::Conflict, says),
    }
}

//! `POST /v1/markets`: a user creates a market with its first products.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::deserialize::{Bounded, InitialStock, NonNull};
use shared::api::{Authenticated, Idempotent};
use shared::domain::market::create::{CreateMarket, InitialStatus, MAX_INITIAL_PRODUCTS};
use shared::domain::market::settings::tax::TaxClass;
use shared::domain::market::totals::MarketWithVolume;
use shared::domain::product::create::NewProduct;
use shared::domain::values::actor::Actor;
use shared::domain::values::id::Id;
use shared::domain::values::money::{Currency, Money};
use shared::domain::values::text::{Description, Name, Sku, Title};
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, Created, Json};
use shared::kit::system::clock::{Entropy, Timestamp};
use shared::repository::cached::WriteThrough;

use crate::Commands;
use crate::body::MarketBody;

/// Market to create.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{
        "name": "Ada's Mugs",
        "description": "Hand-thrown stoneware.",
        "currency": "EUR",
        "status": "active",
        "products": [{
            "sku": "MUG-1",
            "title": "Mug, hand-thrown",
            "price": { "amount": 1999, "currency": "EUR" },
            "stock": 10,
        }],
    }]),
)]
pub(crate) struct CreateMarketRequest {
    /// Name of the market; 1 to 100 characters.
    name: Name,
    /// Description of the market; 1 to 5000 characters.
    #[deserr(default)]
    description: Option<Description>,
    /// Currency of all prices in the market. It cannot be changed.
    currency: Currency,
    /// Initial status; the default is `active`.
    #[deserr(default)]
    status: Option<InitialStatusRequest>,
    /// Up to 20 products to create with the market.
    #[deserr(default)]
    #[schemars(default)]
    products: Bounded<InitialProductRequest, 0, MAX_INITIAL_PRODUCTS>,
}

/// Initial status of a market.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = lowercase)]
#[schemars(rename_all = "lowercase", inline)]
enum InitialStatusRequest {
    /// In preparation; visible only to its creator.
    Draft,
    /// Open for orders.
    Active,
}

/// Product to create with its market.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
struct InitialProductRequest {
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

/// Creates a market with its first products, in one transaction.
pub(crate) async fn create_market(
    State(app): State<Commands>,
    Authenticated(actor): Authenticated,
    Idempotent(context): Idempotent,
    Json(request): Json<CreateMarketRequest>,
) -> Result<Created<MarketBody>, ApiError> {
    let command = request.into_command(actor, context.at, &app.entropy);
    let created = app.execute_as(&actor, command, &context).await?;
    let created = created.map(|market| MarketWithVolume::new(market, None));
    if let Some(market) = created.committed() {
        app.queries.reader.market_written(market).await;
    }
    Ok(ApiResponse::created(created.map(MarketBody::from)))
}

impl CreateMarketRequest {
    fn into_command(self, by: Actor, now: Timestamp, entropy: &impl Entropy) -> CreateMarket {
        let products = self.products.0.into_iter().map(|product| NewProduct {
            id: Id::generate(now, entropy),
            sku: product.sku,
            title: product.title,
            description: product.description,
            price: product.price,
            tax_class: product.tax_class.0.unwrap_or_default(),
            requires_shipping: product.requires_shipping.0.unwrap_or(true),
            stock: product.stock.0,
        });
        let status = match self.status {
            Some(InitialStatusRequest::Draft) => InitialStatus::Draft,
            Some(InitialStatusRequest::Active) | None => InitialStatus::Active,
        };
        let (name, description, currency) = (self.name, self.description, self.currency);
        let id = Id::generate(now, entropy);
        CreateMarket { id, by, name, description, currency, status, products: products.collect() }
    }
}

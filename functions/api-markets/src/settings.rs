//! Settings of a market: shipping and tax.

mod shipping;
mod tax;

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::{Authenticated, Idempotent};
use shared::domain::market::MarketId;
use shared::domain::market::settings::set::{SetMarketSettings, owned_market};
use shared::domain::market::settings::{CurrentSettings, MarketSettings, Settings};
use shared::kit::command::{Entity, NoEvents};
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, IfMatch, IfNoneMatch, Json, Path, Resource, Versioned};
use shared::repository::market::settings::SettingsReader;

use crate::{Commands, Queries};
pub(crate) use shipping::ShippingBody;
pub(crate) use tax::TaxBody;

/// Representation of settings.
pub(crate) trait SettingsBody: Resource + From<CurrentSettings<Self::Settings>> {
    /// The settings.
    type Settings: Settings;
    /// Request that sets them.
    type Request: Deserr<FieldErrors> + JsonSchema + Into<Self::Settings>;
}

/// Returns settings of a market.
pub(crate) async fn get_settings<B: SettingsBody>(
    State(app): State<Queries>,
    Authenticated(actor): Authenticated,
    Path(id): Path<MarketId>,
    if_none_match: IfNoneMatch,
) -> Result<Versioned<B>, ApiError>
where
    MarketSettings<B::Settings>: Entity<Id = MarketId>,
{
    let (market, stored) = app.reader.market_settings::<B::Settings>(id).await?;
    let market = owned_market(id, market, &actor)?;
    let body = B::from(CurrentSettings::new(market.id, stored));
    Ok(ApiResponse::versioned(body).cache_control("private, no-cache").not_modified_if(&if_none_match))
}

/// Replaces settings of a market.
pub(crate) async fn set_settings<B: SettingsBody>(
    State(app): State<Commands>,
    Authenticated(by): Authenticated,
    Path(market_id): Path<MarketId>,
    if_match: IfMatch<B>,
    Idempotent(context): Idempotent,
    Json(request): Json<B::Request>,
) -> Result<Versioned<B>, ApiError>
where
    MarketSettings<B::Settings>: Entity<Id = MarketId, Event = NoEvents>,
{
    let settings = request.into();
    let command = SetMarketSettings { market_id, by, expected: if_match.expected(), settings };
    let set = app.execute_as(&by, command, &context).await?;
    Ok(ApiResponse::updated(set.map(B::from)))
}

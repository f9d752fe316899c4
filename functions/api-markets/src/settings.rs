//! Settings of a market: shipping, tax and commission.

mod commission;
mod shipping;
mod tax;

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::permission::MarketsSetCommission;
use shared::api::{Authenticated, HasPermission, Idempotent, RequirePermission};
use shared::domain::market::MarketId;
use shared::domain::market::settings::set::{SetMarketSettings, SettingsRight, market_for};
use shared::domain::market::settings::{CurrentSettings, MarketSettings, Settings};
use shared::domain::values::actor::Actor;
use shared::kit::command::{Entity, NoEvents};
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, IfMatch, IfNoneMatch, Json, Path, Resource, Versioned};
use shared::repository::market::settings::SettingsReader;

use crate::{Commands, Queries};
pub(crate) use commission::{CommissionBody, SetCommissionRequest};
pub(crate) use shipping::ShippingBody;
pub(crate) use tax::TaxBody;

/// Representation of settings.
pub(crate) trait SettingsBody: Resource + From<CurrentSettings<Self::Settings>> {
    /// The settings.
    type Settings: Settings;
    /// Request that sets them.
    type Request: Deserr<FieldErrors> + JsonSchema + Into<Self::Settings>;
}

/// Returns settings of a market to its creator.
pub(crate) async fn get_settings<B: SettingsBody>(
    State(app): State<Queries>,
    Authenticated(actor): Authenticated,
    Path(id): Path<MarketId>,
    if_none_match: IfNoneMatch,
) -> Result<Versioned<B>, ApiError>
where
    MarketSettings<B::Settings>: Entity<Id = MarketId>,
{
    current(&app, id, &actor, SettingsRight::OfCreator, &if_none_match).await
}

async fn current<B: SettingsBody>(
    app: &Queries,
    id: MarketId,
    actor: &Actor,
    right: SettingsRight,
    if_none_match: &IfNoneMatch,
) -> Result<Versioned<B>, ApiError>
where
    MarketSettings<B::Settings>: Entity<Id = MarketId>,
{
    let (market, stored) = app.reader.market_settings::<B::Settings>(id).await?;
    let market = market_for(id, market, actor, right)?;
    let body = B::from(CurrentSettings::new(market.id, stored));
    Ok(ApiResponse::versioned(body).cache_control("private, no-cache").not_modified_if(if_none_match))
}

/// Returns the commission of a market to its creator, and to callers with the permission to set it.
pub(crate) async fn get_commission(
    State(app): State<Queries>,
    Authenticated(actor): Authenticated,
    may_set: HasPermission<MarketsSetCommission>,
    Path(id): Path<MarketId>,
    if_none_match: IfNoneMatch,
) -> Result<Versioned<CommissionBody>, ApiError> {
    let right = if may_set.is_held() { SettingsRight::ByPermission } else { SettingsRight::OfCreator };
    current(&app, id, &actor, right, &if_none_match).await
}

/// Replaces the commission of a market.
pub(crate) async fn set_commission(
    State(app): State<Commands>,
    authorized: RequirePermission<MarketsSetCommission>,
    Path(market_id): Path<MarketId>,
    if_match: IfMatch<CommissionBody>,
    Idempotent(context): Idempotent,
    Json(request): Json<SetCommissionRequest>,
) -> Result<Versioned<CommissionBody>, ApiError> {
    let (by, right) = (authorized.actor, SettingsRight::ByPermission);
    let (expected, settings) = (if_match.expected(), request.into());
    let command = SetMarketSettings { market_id, by, right, expected, settings };
    let set = app.execute_as(&by, command, &context).await?;
    Ok(ApiResponse::updated(set.map(CommissionBody::from)))
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
    let (right, settings) = (SettingsRight::OfCreator, request.into());
    let command = SetMarketSettings { market_id, by, right, expected: if_match.expected(), settings };
    let set = app.execute_as(&by, command, &context).await?;
    Ok(ApiResponse::updated(set.map(B::from)))
}

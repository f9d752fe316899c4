//! `PUT` and `PATCH /v1/markets/{id}`: the creator updates a market; a moderator suspends it.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::deserialize::{NonNull, Patch};
use shared::api::permission::MarketsSuspend;
use shared::api::{Authenticated, HasPermission, Idempotent};
use shared::domain::market::update::{MarketChanges, UpdateMarket};
use shared::domain::market::{MarketId, MarketStatus};
use shared::domain::user::UserStatus;
use shared::domain::values::text::{Description, Name};
use shared::kit::command::StoreError;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, IfMatch, Json, Path, Versioned};
use shared::repository::cached::WriteThrough;
use shared::repository::market::MarketReader;
use shared::repository::user::UserReader;

use crate::Commands;
use crate::body::MarketBody;

/// All modifiable fields of a market.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{
        "name": "Ada's Mugs",
        "description": "Hand-thrown stoneware.",
        "status": "closed",
    }]),
)]
pub(crate) struct ReplaceMarketRequest {
    /// Name of the market; 1 to 100 characters.
    name: Name,
    /// Description of the market; 1 to 5000 characters. If it is absent, the current one is removed.
    #[deserr(default)]
    description: Option<Description>,
    /// Status of the market: the current one, or one to which the market can change.
    status: StatusRequest,
}

/// Fields of a market to change (JSON Merge Patch, RFC 7396). Absent fields stay unchanged.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{ "name": "Ada's Mugs and Bowls" }, { "status": "suspended" }]),
)]
pub(crate) struct PatchMarketRequest {
    /// New name; 1 to 100 characters.
    #[deserr(default)]
    #[schemars(default)]
    name: NonNull<Name>,
    /// New description, 1 to 5000 characters; null removes it.
    #[deserr(default)]
    #[schemars(default)]
    description: Patch<Description>,
    /// New status.
    #[deserr(default)]
    #[schemars(default)]
    status: NonNull<StatusRequest>,
}

/// Status of a market.
#[derive(Debug, Clone, Copy, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = lowercase)]
#[schemars(rename_all = "lowercase", inline)]
enum StatusRequest {
    /// In preparation; visible only to its creator.
    Draft,
    /// Open for orders.
    Active,
    /// Closed by a moderator.
    Suspended,
    /// Closed by its creator.
    Closed,
}

/// Updates a market: all modifiable fields, or single ones.
pub(crate) async fn update_market<R: Into<MarketChanges>>(
    State(app): State<Commands>,
    Authenticated(by): Authenticated,
    suspend: HasPermission<MarketsSuspend>,
    Path(id): Path<MarketId>,
    if_match: IfMatch<MarketBody>,
    Idempotent(context): Idempotent,
    Json(request): Json<R>,
) -> Result<Versioned<MarketBody>, ApiError> {
    let changes: MarketChanges = request.into();
    let (may_suspend, expected) = (suspend.is_held(), if_match.expected());
    let creator_is_inactive = may_suspend
        && changes.status == Some(MarketStatus::Active)
        && has_inactive_creator(&app.queries.reader, id).await?;
    let command = UpdateMarket { id, by, may_suspend, creator_is_inactive, expected, changes };
    let updated = app.execute_as(&by, command, &context).await?;
    if let Some(market) = updated.committed() {
        app.queries.reader.market_written(market).await;
    }
    Ok(ApiResponse::updated(updated.map(MarketBody::from)))
}

/// Returns true if the account of the creator is suspended or deleted.
async fn has_inactive_creator(
    reader: &(impl MarketReader + UserReader),
    id: MarketId,
) -> Result<bool, StoreError> {
    let Some(market) = reader.market(id).await? else { return Ok(false) };
    let creator = reader.user(market.creator_id).await?;
    Ok(creator.is_none_or(|creator| creator.status != UserStatus::Active))
}

impl From<ReplaceMarketRequest> for MarketChanges {
    fn from(request: ReplaceMarketRequest) -> Self {
        Self {
            name: Some(request.name),
            description: Some(request.description),
            status: Some(request.status.into()),
        }
    }
}

impl From<PatchMarketRequest> for MarketChanges {
    fn from(request: PatchMarketRequest) -> Self {
        Self {
            name: request.name.0,
            description: request.description.into_change(),
            status: request.status.0.map(MarketStatus::from),
        }
    }
}

impl From<StatusRequest> for MarketStatus {
    fn from(status: StatusRequest) -> Self {
        match status {
            StatusRequest::Draft => Self::Draft,
            StatusRequest::Active => Self::Active,
            StatusRequest::Suspended => Self::Suspended,
            StatusRequest::Closed => Self::Closed,
        }
    }
}

//! `PUT` and `PATCH /v1/markets/{id}`: the creator changes a market; a moderator suspends it.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::deserialize::{NonNull, Patch};
use shared::api::permission::MarketsSuspend;
use shared::api::{AppState, Authenticated, HasPermission, Idempotent};
use shared::domain::market::update::{MarketChanges, UpdateMarket, UpdateMarketError};
use shared::domain::market::{MarketId, MarketStatus};
use shared::domain::values::text::{Description, Name};
use shared::kit::command::{CommandContext, Store};
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::request::precondition::version_mismatch;
use shared::kit::http::{ApiResponse, IfMatch, Json, Path, Versioned};
use shared::repository::cached::CacheInvalidation;
use shared::repository::user::UserReader;

use crate::body::MarketBody;

/// All of a market that can be changed.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReplaceMarketRequest {
    name: Name,
    #[deserr(default)]
    description: Option<Description>,
    status: StatusRequest,
}

/// What changes about a market: a merge patch.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PatchMarketRequest {
    #[deserr(default)]
    #[schemars(default)]
    name: NonNull<Name>,
    #[deserr(default)]
    #[schemars(default)]
    description: Patch<Description>,
    #[deserr(default)]
    #[schemars(default)]
    status: NonNull<StatusRequest>,
}

#[derive(Debug, Clone, Copy, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = lowercase)]
#[schemars(rename_all = "lowercase", inline)]
enum StatusRequest {
    Draft,
    Active,
    Suspended,
    Closed,
}

/// Replaces what can be changed about a market.
pub(crate) async fn replace_market<S: Store, Q: UserReader + CacheInvalidation>(
    State(app): State<AppState<S, Q>>,
    Authenticated(by): Authenticated,
    suspend: HasPermission<MarketsSuspend>,
    Path(id): Path<MarketId>,
    seen: IfMatch,
    Idempotent(cause): Idempotent,
    Json(request): Json<ReplaceMarketRequest>,
) -> Result<Versioned<MarketBody>, ApiError> {
    let changes = MarketChanges {
        name: Some(request.name),
        description: Some(request.description),
        status: Some(request.status.into()),
    };
    let (may_suspend, expected) = (suspend.is_held(), seen.expected());
    change_market(&app, UpdateMarket { id, by, may_suspend, expected, changes }, &cause).await
}

/// Changes some of a market.
pub(crate) async fn patch_market<S: Store, Q: UserReader + CacheInvalidation>(
    State(app): State<AppState<S, Q>>,
    Authenticated(by): Authenticated,
    suspend: HasPermission<MarketsSuspend>,
    Path(id): Path<MarketId>,
    seen: IfMatch,
    Idempotent(cause): Idempotent,
    Json(request): Json<PatchMarketRequest>,
) -> Result<Versioned<MarketBody>, ApiError> {
    let changes = MarketChanges {
        name: request.name.0,
        description: request.description.into_change(),
        status: request.status.0.map(MarketStatus::from),
    };
    let (may_suspend, expected) = (suspend.is_held(), seen.expected());
    change_market(&app, UpdateMarket { id, by, may_suspend, expected, changes }, &cause).await
}

async fn change_market<S: Store, Q: CacheInvalidation>(
    app: &AppState<S, Q>,
    command: UpdateMarket,
    cause: &CommandContext,
) -> Result<Versioned<MarketBody>, ApiError> {
    let changed = app.store.execute(command, cause).await.map_err(|error| error.map_refusal(refusal))?;
    if let Some(market) = changed.committed() {
        app.reader.market_written(market).await;
    }
    Ok(ApiResponse::updated(changed.map(MarketBody::from)))
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

fn refusal(error: UpdateMarketError) -> ApiError {
    match error {
        UpdateMarketError::NotFound => ApiError::not_found(),
        UpdateMarketError::Forbidden => ApiError::new(ErrorCode::Forbidden, error.to_string()),
        UpdateMarketError::VersionMismatch => version_mismatch(),
        UpdateMarketError::InvalidTransition => ApiError::new(ErrorCode::InvalidState, error.to_string()),
    }
}

//! `GET /v1/markets`: markets for everybody: by status, by the beginning of their names, in an order.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::AppState;
use shared::api::list::sort::MarketSort;
use shared::api::with_total;
use shared::domain::market::MarketStatus;
use shared::domain::values::text::Name;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{CursorCodec, ListQuery, ListResponse};
use shared::repository::market::{MarketList, MarketReader};
use shared::repository::projections::list_total::TotalReader;
use shared::repository::user::profile::ProfileReader;

use crate::body::MarketBody;
use crate::include_creator::{Creators, MarketRelation};

/// Which markets, in which order.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListMarketsQuery {
    #[deserr(default)]
    status: Option<PublicStatus>,
    /// How a name begins.
    #[deserr(default)]
    search: Option<Name>,
    #[deserr(default)]
    #[schemars(default)]
    sort: MarketSort,
}

/// The statuses that everybody may ask for.
#[derive(Debug, Clone, Copy, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = lowercase)]
#[schemars(rename_all = "lowercase", inline)]
enum PublicStatus {
    Active,
    Suspended,
    Closed,
}

impl From<PublicStatus> for MarketStatus {
    fn from(status: PublicStatus) -> Self {
        match status {
            PublicStatus::Active => Self::Active,
            PublicStatus::Suspended => Self::Suspended,
            PublicStatus::Closed => Self::Closed,
        }
    }
}

/// Lists the markets of a status; the active ones unless another is asked for.
pub(crate) async fn list_markets<S: Clone, Q: MarketReader + ProfileReader + TotalReader>(
    State(app): State<AppState<S, Q>>,
    asked: ListQuery<ListMarketsQuery, MarketBody, MarketRelation>,
) -> Result<ListResponse<MarketBody>, ApiError> {
    let list = MarketList::from(asked.filter);
    let name = format!("markets {list:?}");
    let cursors = CursorCodec::new(&app.seal, &name, "everybody");
    let slice = asked.paging.slice(&cursors)?;
    let total = list.totals();
    let markets = with_total(app.reader.markets(&list, &slice), app.reader.total(&total)).await?;
    let pagination = asked.paging.pagination(&markets, &cursors);
    let creators = Creators::of(&markets.items, &asked.include, &app.reader).await?;
    let bodies = markets.items.into_iter().map(|market| creators.attach(market)).collect();
    Ok(ListResponse::new(bodies, pagination).with_fields(asked.fields))
}

impl From<ListMarketsQuery> for MarketList {
    fn from(query: ListMarketsQuery) -> Self {
        let status = query.status.map_or(MarketStatus::Active, MarketStatus::from);
        Self { status, search: query.search, order: query.sort.into() }
    }
}

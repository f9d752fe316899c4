//! `GET /v1/markets`: the public markets, by status and name prefix, sorted.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::list::sort::MarketSort;
use shared::api::with_total;
use shared::domain::market::MarketStatus;
use shared::domain::values::text::Name;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{CursorCodec, ListQuery, ListResponse};
use shared::repository::market::{MarketList, MarketReader};
use shared::repository::projections::list_total::TotalReader;

use crate::Queries;
use crate::body::MarketBody;
use crate::include_creator::{Creators, MarketRelation};

/// Filter and sort order of a list of markets.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListMarketsQuery {
    /// Status of the markets; the default is `active`.
    #[deserr(default)]
    status: Option<PublicStatus>,
    /// Prefix of the name, ignoring case.
    #[deserr(default)]
    search: Option<Name>,
    /// Sort key: `createdAt`, `name` or `volume`; prefix with `-` for descending. Default `-createdAt`.
    #[deserr(default)]
    #[schemars(default)]
    sort: MarketSort,
}

/// Status of a market that is not a draft.
#[derive(Debug, Clone, Copy, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = lowercase)]
#[schemars(rename_all = "lowercase", inline)]
enum PublicStatus {
    /// Open for orders.
    Active,
    /// Closed by a moderator.
    Suspended,
    /// Closed by its creator.
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

/// Returns a page of the markets with a status.
pub(crate) async fn list_markets(
    State(app): State<Queries>,
    query: ListQuery<ListMarketsQuery, MarketBody, MarketRelation>,
) -> Result<ListResponse<MarketBody>, ApiError> {
    let list = MarketList::from(query.filter);
    let name = format!("markets {list:?}");
    let cursors = CursorCodec::new(&app.mac_key, &name, "public");
    let slice = query.paging.slice(&cursors)?;
    let total = list.totals();
    let markets = with_total(app.reader.markets(&list, &slice), app.reader.total(&total)).await?;
    let pagination = query.paging.pagination(&markets, &cursors);
    let creators = Creators::read(&markets.items, &query.include, &app.reader).await?;
    let bodies = markets.items.into_iter().map(|market| creators.attach(market)).collect();
    Ok(ListResponse::new(bodies, pagination).with_fields(query.fields))
}

impl From<ListMarketsQuery> for MarketList {
    fn from(query: ListMarketsQuery) -> Self {
        let status = query.status.map_or(MarketStatus::Active, MarketStatus::from);
        Self { status, search: query.search, order: query.sort.into() }
    }
}

//! `GET /v1/markets`: the public markets, by status and name prefix, sorted.

use std::collections::HashMap;

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::list::sort::MarketSort;
use shared::api::with_total;
use shared::domain::market::totals::SummaryWithVolume;
use shared::domain::market::{MarketId, MarketStatus};
use shared::domain::values::text::Name;
use shared::kit::command::StoreError;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{CursorCodec, Include, ListQuery, ListResponse};
use shared::repository::market::{MarketList, MarketReader};
use shared::repository::projections::list_total::TotalReader;
use shared::repository::user::profile::ProfileReader;

use crate::Queries;
use crate::include_creator::{Creators, MarketRelation};
use crate::list_item::MarketListItem;

/// Filter and sort order of a list of markets.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListMarketsQuery {
    /// Status of the markets; the default is `active`.
    #[deserr(default)]
    status: Option<PublicStatus>,
    /// Words, each of which is the beginning of a word of the name; case and accents are ignored.
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
    query: ListQuery<ListMarketsQuery, MarketListItem, MarketRelation>,
) -> Result<ListResponse<MarketListItem>, ApiError> {
    let list = MarketList::from(query.filter);
    let name = format!("markets {list:?}");
    let cursors = CursorCodec::new(&app.mac_key, &name, "public");
    let slice = query.paging.slice(&cursors)?;
    let total = list.totals();
    let markets = with_total(app.reader.markets(&list, &slice), app.reader.total(&total)).await?;
    let pagination = query.paging.pagination(&markets, &cursors);
    let with_details = query.fields.names_any_of(&MarketListItem::DETAILS);
    let items = list_items(markets.items, &query.include, with_details, &app.reader).await?;
    Ok(ListResponse::new(items, pagination).with_fields(query.fields))
}

/// Adds the creators to the summaries of markets, and the fields that no summary has, if requested.
async fn list_items(
    markets: Vec<SummaryWithVolume>,
    include: &Include<MarketRelation>,
    with_details: bool,
    reader: &(impl MarketReader + ProfileReader),
) -> Result<Vec<MarketListItem>, StoreError> {
    let creators =
        Creators::read(markets.iter().map(|market| market.market.creator_id), include, reader).await?;
    let ids = markets.iter().map(|market| market.market.id).filter(|_| with_details);
    let details = match ids.collect::<Vec<MarketId>>().as_slice() {
        [] => HashMap::new(),
        ids => reader.markets_by_id(ids).await?,
    };
    let item = |market: SummaryWithVolume| {
        let (creator, details) = (creators.get(market.market.creator_id), details.get(&market.market.id));
        MarketListItem::new(market, details, creator)
    };
    Ok(markets.into_iter().map(item).collect())
}

impl From<ListMarketsQuery> for MarketList {
    fn from(query: ListMarketsQuery) -> Self {
        let status = query.status.map_or(MarketStatus::Active, MarketStatus::from);
        Self { status, search: query.search, order: query.sort.into() }
    }
}

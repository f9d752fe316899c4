//! Queries of markets.

pub mod settings;

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use strum::VariantArray as _;

use crate::domain::market::summary::MarketSummary;
use crate::domain::market::totals::{MarketTotals, MarketWithVolume, SummaryWithVolume};
use crate::domain::market::{Market, MarketId, MarketStatus};
use crate::domain::order::OrderStatus;
use crate::domain::values::text::Name;
use crate::kit::aws::dynamodb::read::query::Query;
use crate::kit::aws::dynamodb::schema::Index;
use crate::kit::aws::dynamodb::{Consistency, DynamoReader};
use crate::kit::command::page::{ListPage, PageRequest};
use crate::kit::command::{Key, ReadSet, Record, StoreError};
use crate::kit::system::clock::Timestamp;
use crate::projections::list_total::ListKey;
use crate::projections::name_index::Words;
use crate::repository::order::OrderList;
use crate::repository::projections::list_total::TotalReader as _;
use crate::repository::table_layout::partitions;
use crate::repository::table_layout::sorted_list::{
    ListError, SortKey, SortOrder, Sortable, matches, name_query, page_of,
};

/// Maximum number of matches of a search of markets, which anyone can request.
pub const MAX_MARKET_MATCHES: usize = 200;

/// Maximum time until an order is counted in the totals: the longest batching window of the consumer, and its
/// retries.
const MAX_TOTALS_DELAY: Duration = Duration::from_mins(15);

/// Queries of markets. Implementations return [`StoreError`] only if the table does not respond; an absent
/// market is `None`.
pub trait MarketReader: Clone + Send + Sync + 'static {
    /// Loads a market.
    fn market(&self, id: MarketId) -> impl Future<Output = Result<Option<Market>, StoreError>> + Send;

    /// Loads a market with its volume, in one request.
    fn market_with_volume(
        &self,
        id: MarketId,
    ) -> impl Future<Output = Result<Option<MarketWithVolume>, StoreError>> + Send;

    /// Returns true if an order of a market has not ended, as far as it is known: orders of the last minutes are
    /// read from an index, which shows them within a second; earlier ones are counted in the totals.
    fn has_open_orders(
        &self,
        id: MarketId,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, ListError>> + Send;

    /// Loads markets by id, in one request for up to 100. Those that do not exist are absent.
    fn markets_by_id(
        &self,
        ids: &[MarketId],
    ) -> impl Future<Output = Result<HashMap<MarketId, Market>, StoreError>> + Send;

    /// Loads a page of a list of markets, with one additional request for the volumes or the markets.
    /// Implementations return [`ListError::TooManyMatches`] only for searches.
    fn markets(
        &self,
        list: &MarketList,
        slice: &PageRequest,
    ) -> impl Future<Output = Result<ListPage<SummaryWithVolume>, ListError>> + Send;
}

/// Filter and sort order of a list of markets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketList {
    /// Status of the markets.
    pub status: MarketStatus,
    /// Words, each of which must be the beginning of a word of the name.
    pub search: Option<Name>,
    /// Sort order.
    pub order: MarketSortOrder,
}

/// Sort order of markets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarketSortOrder {
    /// Sort order common to all lists.
    By(SortOrder),
    /// By sales volume.
    Volume {
        /// True for highest volume first.
        descending: bool,
    },
}

impl MarketList {
    /// Keys of the totals that add up to the total of this list; empty for a search, which is counted when it
    /// is read.
    #[must_use]
    pub fn totals(&self) -> Vec<ListKey> {
        match self.search {
            Some(_) => Vec::new(),
            None => vec![ListKey::of(partitions::markets(self.status))],
        }
    }
}

/// Loaded from an index of summaries or from a name term.
impl Record for MarketSummary {
    const KIND: &'static str = Market::KIND;
    type Id = MarketId;

    fn key(id: &MarketId) -> Key {
        Market::key(id)
    }
}

impl Sortable for MarketSummary {
    fn sort_by(&self, by: SortKey) -> String {
        match by {
            SortKey::CreatedAt => self.id.to_string(),
            SortKey::Name => partitions::name_sort(&self.name, &self.id.to_string()),
        }
    }
}

impl MarketReader for DynamoReader {
    async fn market(&self, id: MarketId) -> Result<Option<Market>, StoreError> {
        self.get(ReadSet::get(&id), Consistency::Eventual).await
    }

    async fn market_with_volume(&self, id: MarketId) -> Result<Option<MarketWithVolume>, StoreError> {
        let reads = ReadSet::<Option<Market>>::get(&id).and(ReadSet::<Option<MarketTotals>>::get(&id));
        let (market, totals) = self.get(reads, Consistency::Eventual).await?;
        Ok(market.map(|market| MarketWithVolume::new(market, totals.as_ref())))
    }

    async fn has_open_orders(&self, id: MarketId, now: Timestamp) -> Result<bool, ListError> {
        let open = OrderStatus::VARIANTS.iter().filter(|status| !status.is_final());
        let lists: Vec<ListKey> = open.map(|status| OrderList::InMarket(id).total(Some(*status))).collect();
        if self.total(&lists).await? > 0 {
            return Ok(true);
        }
        self.has_open_order_since(id, now.saturating_sub(MAX_TOTALS_DELAY)).await
    }

    async fn markets_by_id(&self, ids: &[MarketId]) -> Result<HashMap<MarketId, Market>, StoreError> {
        self.by_id(ids).await
    }

    async fn markets(
        &self,
        list: &MarketList,
        slice: &PageRequest,
    ) -> Result<ListPage<SummaryWithVolume>, ListError> {
        match (&list.search, list.order) {
            (None, MarketSortOrder::By(order)) => {
                let markets = self.page(&[order.query(partitions::markets(list.status))], slice).await?;
                Ok(with_volumes(self, markets).await?)
            }
            (None, MarketSortOrder::Volume { descending }) => {
                by_volume(self, list.status, descending, slice).await
            }
            (Some(search), MarketSortOrder::By(order)) => {
                let found = search_for(self, list.status, search).await?;
                Ok(with_volumes(self, order.slice(found, slice)).await?)
            }
            (Some(search), MarketSortOrder::Volume { descending }) => {
                let found = volumes_of(self, search_for(self, list.status, search).await?).await?;
                let sort = |found: SummaryWithVolume| {
                    (partitions::amount_sort(found.volume, found.market.id), found)
                };
                Ok(page_of(found.into_iter().map(sort).collect(), descending, slice))
            }
        }
    }
}

/// Loads all markets of a status whose name has, for each word of `search`, a word that starts with it.
async fn search_for(
    reader: &DynamoReader,
    status: MarketStatus,
    search: &Name,
) -> Result<Vec<MarketSummary>, ListError> {
    let words = Words::of(search);
    let query = name_query(&partitions::markets(status), &words, MAX_MARKET_MATCHES);
    let keep = |market: &MarketSummary| words.match_name(&market.name);
    matches(reader, query.into_iter(), MAX_MARKET_MATCHES, keep).await
}

/// Adds the volumes to a page of markets.
async fn with_volumes(
    reader: &DynamoReader,
    listed: ListPage<MarketSummary>,
) -> Result<ListPage<SummaryWithVolume>, StoreError> {
    let ListPage { items, next, min_total, total } = listed;
    Ok(ListPage { items: volumes_of(reader, items).await?, next, min_total, total })
}

/// Loads the volumes of markets in one request.
async fn volumes_of(
    reader: &DynamoReader,
    markets: Vec<MarketSummary>,
) -> Result<Vec<SummaryWithVolume>, StoreError> {
    let ids = markets.iter().map(|market| &market.id);
    let totals: Vec<Option<MarketTotals>> = reader.readable(ids).await?;
    let with_volume = markets.into_iter().zip(&totals);
    Ok(with_volume.map(|(market, totals)| SummaryWithVolume::new(market, totals.as_ref())).collect())
}

/// Loads a page of the markets of a status by volume. Totals lag behind their markets: a market that has been
/// deleted or has changed its status is skipped, so that the page is shorter.
async fn by_volume(
    reader: &DynamoReader,
    status: MarketStatus,
    descending: bool,
    slice: &PageRequest,
) -> Result<ListPage<SummaryWithVolume>, ListError> {
    let query = Query::index(Index::ByParent, partitions::markets_by_volume(status), slice.limit);
    let query = if descending { query.descending() } else { query };
    let ListPage { items, next, min_total, total } = reader.page::<MarketTotals>(&[query], slice).await?;
    let ids = items.iter().map(|totals| &totals.market_id);
    let markets: Vec<Option<Market>> = reader.readable(ids).await?;
    let found = markets.into_iter().zip(&items);
    let items = found.filter_map(|(market, totals)| {
        let market = market.filter(|market| market.status == status)?;
        Some(SummaryWithVolume::new(MarketSummary::from(&market), Some(totals)))
    });
    Ok(ListPage { items: items.collect(), next, min_total, total })
}

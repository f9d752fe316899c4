//! Reading markets.

use std::future::Future;

use crate::domain::market::totals::{MarketTotals, MarketWithVolume};
use crate::domain::market::{Market, MarketId, MarketStatus};
use crate::domain::values::text::Name;
use crate::kit::aws::dynamodb::read::query::Query;
use crate::kit::aws::dynamodb::schema::Index;
use crate::kit::aws::dynamodb::{Consistency, DynamoReader};
use crate::kit::command::page::{ListPage, PageRequest};
use crate::kit::command::{ReadSet, StoreError};
use crate::projections::list_total::ListKey;
use crate::repository::table_layout::partitions;
use crate::repository::table_layout::sorted_list::{
    ListError, MAX_MATCHES, SortKey, SortOrder, Sortable, matches, page_of,
};

/// What can be asked about markets. Implementations return [`StoreError`] when the table does not answer, and
/// nothing else: an absent market is `None`.
pub trait MarketReader: Clone + Send + Sync + 'static {
    /// The market, if there is one.
    fn market(&self, id: MarketId) -> impl Future<Output = Result<Option<Market>, StoreError>> + Send;

    /// The market with its volume, if there is one: in one request.
    fn market_with_volume(
        &self,
        id: MarketId,
    ) -> impl Future<Output = Result<Option<MarketWithVolume>, StoreError>> + Send;

    /// A slice of a list of markets: what the list takes, and one request for the other half of each. Implementations
    /// return [`ListError::TooManyMatches`] for searches only.
    fn markets(
        &self,
        list: &MarketList,
        slice: &PageRequest,
    ) -> impl Future<Output = Result<ListPage<MarketWithVolume>, ListError>> + Send;
}

/// Which markets, in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketList {
    /// Those of this status.
    pub status: MarketStatus,
    /// Those whose name begins so.
    pub search: Option<Name>,
    /// What they are ordered by.
    pub order: MarketSortOrder,
}

/// What markets are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarketSortOrder {
    /// What other things are ordered by as well.
    By(SortOrder),
    /// What was sold in them.
    Volume {
        /// The most first.
        descending: bool,
    },
}

impl MarketList {
    /// The lists whose lengths make up its own; a search is counted when it is read.
    #[must_use]
    pub fn totals(&self) -> Vec<ListKey> {
        match self.search {
            Some(_) => Vec::new(),
            None => vec![ListKey::of(partitions::markets(self.status))],
        }
    }
}

impl Sortable for Market {
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
        let (market, figures) = self.get(reads, Consistency::Eventual).await?;
        Ok(market.map(|market| MarketWithVolume::new(market, figures.as_ref())))
    }

    async fn markets(
        &self,
        list: &MarketList,
        slice: &PageRequest,
    ) -> Result<ListPage<MarketWithVolume>, ListError> {
        match (&list.search, list.order) {
            (None, MarketSortOrder::By(order)) => {
                let markets = self.slice(&[order.query(partitions::markets(list.status))], slice).await?;
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
                let sort =
                    |found: MarketWithVolume| (partitions::volume_sort(found.volume, found.market.id), found);
                Ok(page_of(found.into_iter().map(sort).collect(), descending, slice))
            }
        }
    }
}

/// All markets of a status whose name begins as `search` does.
async fn search_for(
    reader: &DynamoReader,
    status: MarketStatus,
    search: &Name,
) -> Result<Vec<Market>, ListError> {
    let most = u32::try_from(MAX_MATCHES).unwrap_or(u32::MAX);
    let query = Query::index(Index::ByName, partitions::markets(status), most);
    matches(reader, std::iter::once(query.beginning_with(partitions::name_prefix(search)))).await
}

/// The slice, each market with its volume.
async fn with_volumes(
    reader: &DynamoReader,
    listed: ListPage<Market>,
) -> Result<ListPage<MarketWithVolume>, StoreError> {
    let ListPage { items, next, min_total: proven, total } = listed;
    Ok(ListPage { items: volumes_of(reader, items).await?, next, min_total: proven, total })
}

/// Markets with their volumes, which are read together.
async fn volumes_of(
    reader: &DynamoReader,
    markets: Vec<Market>,
) -> Result<Vec<MarketWithVolume>, StoreError> {
    let ids = markets.iter().map(|market| &market.id);
    let figures: Vec<Option<MarketTotals>> = reader.get(ReadSet::get_all(ids), Consistency::Eventual).await?;
    let with_volume = markets.into_iter().zip(&figures);
    Ok(with_volume.map(|(market, figures)| MarketWithVolume::new(market, figures.as_ref())).collect())
}

/// A slice of the markets of a status in the order of their volumes. Figures follow their market a moment later: one that
/// is gone by now, or of another status, is left out, and the slice is shorter.
async fn by_volume(
    reader: &DynamoReader,
    status: MarketStatus,
    descending: bool,
    slice: &PageRequest,
) -> Result<ListPage<MarketWithVolume>, ListError> {
    let query = Query::index(Index::ByParent, partitions::markets_by_volume(status), slice.limit);
    let query = if descending { query.descending() } else { query };
    let ListPage { items, next, min_total: proven, total } =
        reader.slice::<MarketTotals>(&[query], slice).await?;
    let ids = items.iter().map(|figures| &figures.market_id);
    let markets: Vec<Option<Market>> = reader.get(ReadSet::get_all(ids), Consistency::Eventual).await?;
    let found = markets.into_iter().zip(&items);
    let items = found.filter_map(|(market, figures)| {
        let market = market.filter(|market| market.status == status)?;
        Some(MarketWithVolume::new(market, Some(figures)))
    });
    Ok(ListPage { items: items.collect(), next, min_total: proven, total })
}

//! Reading markets.

use std::collections::BTreeMap;
use std::future::Future;

use super::listing;
use super::ordered::{Cut, ListError, MAX_MATCHES, Order, OrderBy, Ordered, matches, merged};
use crate::command::{Reads, Record, StoreError};
use crate::domain::market::figures::{MarketFigures, MarketWithVolume};
use crate::domain::market::{Market, MarketId, MarketStatus};
use crate::domain::text::Name;
use crate::dynamodb::query::{Page, Position, Query};
use crate::dynamodb::schema::Index;
use crate::dynamodb::{Consistency, DynamoReader};

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

    /// A page of up to `limit` markets: one request for the list, one for the other half of each. Implementations return
    /// [`ListError::TooManyMatches`] for searches only.
    fn markets(
        &self,
        list: &MarketList,
        limit: u32,
        after: Option<Position>,
    ) -> impl Future<Output = Result<Page<MarketWithVolume>, ListError>> + Send;
}

/// Which markets, in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketList {
    /// Those of this status.
    pub status: MarketStatus,
    /// Those whose name begins so.
    pub search: Option<Name>,
    /// What they are ordered by.
    pub order: MarketOrder,
}

/// What markets are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarketOrder {
    /// What other things are ordered by as well.
    By(Order),
    /// What was sold in them.
    Volume {
        /// The most first.
        descending: bool,
    },
}

impl Ordered for Market {
    fn sort_by(&self, by: OrderBy) -> String {
        match by {
            OrderBy::CreatedAt => self.id.to_string(),
            OrderBy::Name => listing::name_sort(&self.name, &self.id.to_string()),
        }
    }
}

impl MarketReader for DynamoReader {
    async fn market(&self, id: MarketId) -> Result<Option<Market>, StoreError> {
        self.get(Reads::one(&id), Consistency::Eventual).await
    }

    async fn market_with_volume(&self, id: MarketId) -> Result<Option<MarketWithVolume>, StoreError> {
        let reads = Reads::<Option<Market>>::one(&id).and(Reads::<Option<MarketFigures>>::one(&id));
        let (market, figures) = self.get(reads, Consistency::Eventual).await?;
        Ok(market.map(|market| MarketWithVolume::new(market, figures.as_ref())))
    }

    async fn markets(
        &self,
        list: &MarketList,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<MarketWithVolume>, ListError> {
        let after = after.and_then(|position| position.index_sort);
        let after = after.as_deref();
        match (&list.search, list.order) {
            (None, MarketOrder::By(order)) => {
                let partition = listing::markets(list.status);
                let page = merged(self, std::iter::once(partition), order, limit, after).await?;
                Ok(with_volumes(self, page).await?)
            }
            (None, MarketOrder::Volume { descending }) => {
                Ok(by_volume(self, list.status, descending, limit, after).await?)
            }
            (Some(search), MarketOrder::By(order)) => {
                let found = search_for(self, list.status, search).await?;
                Ok(with_volumes(self, order.page(found, limit, after, false)).await?)
            }
            (Some(search), MarketOrder::Volume { descending }) => {
                let items = search_for(self, list.status, search).await?;
                let found = with_volumes(self, Page { items, next: None }).await?.items;
                let sorted: BTreeMap<String, MarketWithVolume> = found
                    .into_iter()
                    .map(|found| (listing::volume_sort(found.volume, found.market.id), found))
                    .collect();
                let cut = Cut { descending, limit, after, unread: false };
                Ok(cut.page(sorted, |found| Market::key(&found.market.id)))
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
    let query = Query::index(Index::ByName, listing::markets(status), most);
    matches(reader, std::iter::once(query.beginning_with(listing::name_prefix(search)))).await
}

/// The page, each market with its volume.
async fn with_volumes(
    reader: &DynamoReader,
    page: Page<Market>,
) -> Result<Page<MarketWithVolume>, StoreError> {
    let ids = page.items.iter().map(|market| &market.id);
    let figures: Vec<Option<MarketFigures>> = reader.get(Reads::many(ids), Consistency::Eventual).await?;
    let with_volume = page.items.into_iter().zip(&figures);
    let items = with_volume.map(|(market, figures)| MarketWithVolume::new(market, figures.as_ref()));
    Ok(Page { items: items.collect(), next: page.next })
}

/// A page of the markets of a status in the order of their volumes. Figures follow their market a moment later: one that
/// is gone by now, or of another status, is left out, and the page is shorter.
async fn by_volume(
    reader: &DynamoReader,
    status: MarketStatus,
    descending: bool,
    limit: u32,
    after: Option<&str>,
) -> Result<Page<MarketWithVolume>, StoreError> {
    let query = Query::index(Index::ByParent, listing::markets_by_volume(status), limit);
    let query = if descending { query.newest_first() } else { query };
    let query = match after {
        Some(after) => query.beyond(after),
        None => query,
    };
    let page: Page<MarketFigures> = reader.list(&query).await?;
    let ids = page.items.iter().map(|figures| &figures.market_id);
    let markets: Vec<Option<Market>> = reader.get(Reads::many(ids), Consistency::Eventual).await?;
    let found = markets.into_iter().zip(&page.items);
    let items = found.filter_map(|(market, figures)| {
        let market = market.filter(|market| market.status == status)?;
        Some(MarketWithVolume::new(market, Some(figures)))
    });
    Ok(Page { items: items.collect(), next: page.next })
}

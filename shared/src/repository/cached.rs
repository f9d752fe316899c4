//! Cache in front of a reader, for public data.
//!
//! The decorator returns the results of its reader from memory for as long as public responses may be stale.
//! Commands never read through it. A handler that has written an entity replaces its entry, so the instance
//! shows its own writes at once; in the other instances entries expire. Entries do not depend on each other: a
//! product is shown only if the market that is read with it is visible.

use std::collections::HashMap;
use std::time::Duration;

use super::market::settings::SettingsReader;
use super::market::{MarketList, MarketReader};
use super::product::ProductReader;
use super::product::list::ProductList;
use super::user::UserReader;
use super::user::profile::{Profile, ProfileReader};
use crate::domain::market::settings::{MarketSettings, Settings};
use crate::domain::market::totals::{MarketWithVolume, SummaryWithVolume};
use crate::domain::market::{Market, MarketId};
use crate::domain::product::create::StockedProduct;
use crate::domain::product::summary::StockedSummary;
use crate::domain::product::{Product, ProductId};
use crate::domain::user::{Credentials, User, UserId};
use crate::domain::values::date::Date;
use crate::domain::values::email::Email;
use crate::domain::values::text::Description;
use crate::kit::aws::dynamodb::DynamoReader;
use crate::kit::command::page::{ListPage, PageRequest};
use crate::kit::command::{Entity, StoreError};
use crate::kit::resilience::cache::{Cache, CacheConfig, CacheWeight, HitRatio};
use crate::kit::system::clock::Timestamp;
use crate::projections::daily_sales::DailySales;
use crate::projections::list_total::ListKey;
use crate::repository::projections::daily_sales::SalesReader;
use crate::repository::projections::list_total::TotalReader;
use crate::repository::table_layout::sorted_list::ListError;

/// Maximum age of public responses, as in `Cache-Control`.
pub const MAX_AGE: Duration = Duration::from_secs(5);

pub(crate) const BOUNDS: CacheConfig = CacheConfig {
    time_to_live: MAX_AGE,
    negative_time_to_live: Duration::from_secs(1),
    capacity: 8 * 1024 * 1024,
};

pub(crate) const UNCACHED: CacheConfig =
    CacheConfig { time_to_live: Duration::ZERO, negative_time_to_live: Duration::ZERO, ..BOUNDS };

/// Reader with a cache.
#[derive(Clone)]
pub struct CachedReader<Q> {
    reader: Q,
    markets: Cache<MarketWithVolume>,
    products: Cache<StockedProduct>,
    totals: Cache<CachedTotal>,
}

impl<Q> CachedReader<Q> {
    /// Creates a cache in front of `reader`.
    #[must_use]
    pub fn new(reader: Q) -> Self {
        Self::with_config(reader, BOUNDS)
    }

    /// Creates a reader whose entries expire at once, for tests that write to the table past the cache.
    #[must_use]
    pub fn uncached(reader: Q) -> Self {
        Self::with_config(reader, UNCACHED)
    }

    fn with_config(reader: Q, config: CacheConfig) -> Self {
        Self {
            reader,
            markets: Cache::new("markets", config),
            products: Cache::new("products", config),
            totals: Cache::new("totals", config),
        }
    }

    /// Hits and misses so far, of markets and products together.
    #[must_use]
    pub fn hit_ratio(&self) -> HitRatio {
        let (markets, products) = (self.markets.hit_ratio(), self.products.hit_ratio());
        HitRatio { hits: markets.hits + products.hits, misses: markets.misses + products.misses }
    }
}

/// Notifications of writes, with which an instance updates its cache after it has written an entity.
pub trait WriteThrough: Clone + Send + Sync + 'static {
    /// A market was written.
    fn market_written(&self, market: &MarketWithVolume) -> impl Future<Output = ()> + Send;
    /// A market was deleted.
    fn market_removed(&self, id: MarketId) -> impl Future<Output = ()> + Send;
    /// A product was written.
    fn product_written(&self, product: &StockedProduct) -> impl Future<Output = ()> + Send;
    /// A product was deleted.
    fn product_removed(&self, id: ProductId) -> impl Future<Output = ()> + Send;
}

/// Does nothing: there is no cache.
impl WriteThrough for DynamoReader {
    async fn market_written(&self, _: &MarketWithVolume) {}

    async fn market_removed(&self, _: MarketId) {}

    async fn product_written(&self, _: &StockedProduct) {}

    async fn product_removed(&self, _: ProductId) {}
}

impl<Q: Clone + Send + Sync + 'static> WriteThrough for CachedReader<Q> {
    async fn market_written(&self, written: &MarketWithVolume) {
        self.markets.put(&written.market.id.to_string(), Some(written.clone())).await;
    }

    async fn market_removed(&self, id: MarketId) {
        self.markets.put(&id.to_string(), None).await;
    }

    async fn product_written(&self, product: &StockedProduct) {
        self.products.put(&product.product.id.to_string(), Some(product.clone())).await;
    }

    async fn product_removed(&self, id: ProductId) {
        self.products.put(&id.to_string(), None).await;
    }
}

impl<Q: MarketReader> MarketReader for CachedReader<Q> {
    /// Caches the market with its volume, so that each market has one cache entry.
    async fn market(&self, id: MarketId) -> Result<Option<Market>, StoreError> {
        Ok(self.market_with_volume(id).await?.map(|found| found.market))
    }

    async fn market_with_volume(&self, id: MarketId) -> Result<Option<MarketWithVolume>, StoreError> {
        self.markets.get_or_load(&id.to_string(), self.reader.market_with_volume(id)).await
    }

    /// Not cached: the number decides on a deletion.
    async fn has_open_orders(&self, id: MarketId, now: Timestamp) -> Result<bool, ListError> {
        self.reader.has_open_orders(id, now).await
    }

    async fn markets_by_id(&self, ids: &[MarketId]) -> Result<HashMap<MarketId, Market>, StoreError> {
        self.reader.markets_by_id(ids).await
    }

    async fn markets(
        &self,
        list: &MarketList,
        slice: &PageRequest,
    ) -> Result<ListPage<SummaryWithVolume>, ListError> {
        self.reader.markets(list, slice).await
    }
}

impl<Q: ProductReader> ProductReader for CachedReader<Q> {
    async fn product(&self, id: ProductId) -> Result<Option<StockedProduct>, StoreError> {
        self.products.get_or_load(&id.to_string(), self.reader.product(id)).await
    }

    /// Not cached: lists read the product only for fields that few callers name.
    async fn products_by_id(&self, ids: &[ProductId]) -> Result<HashMap<ProductId, Product>, StoreError> {
        self.reader.products_by_id(ids).await
    }

    async fn products(
        &self,
        list: &ProductList,
        slice: &PageRequest,
    ) -> Result<ListPage<StockedSummary>, ListError> {
        self.reader.products(list, slice).await
    }
}

/// Not cached: sales are not public.
impl<Q: SalesReader> SalesReader for CachedReader<Q> {
    async fn sales(&self, market: MarketId, from: Date, to: Date) -> Result<Vec<DailySales>, StoreError> {
        self.reader.sales(market, from, to).await
    }
}

/// Not cached: prices follow from the settings.
impl<Q: SettingsReader> SettingsReader for CachedReader<Q> {
    async fn market_settings<S: Settings>(
        &self,
        id: MarketId,
    ) -> Result<(Option<Market>, Option<MarketSettings<S>>), StoreError>
    where
        MarketSettings<S>: Entity<Id = MarketId>,
    {
        self.reader.market_settings(id).await
    }
}

/// Not cached: users determine permissions.
impl<Q: UserReader> UserReader for CachedReader<Q> {
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.reader.user(id).await
    }

    async fn displayed_user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.reader.displayed_user(id).await
    }

    async fn account_by_id(&self, id: UserId) -> Result<Option<(User, Credentials)>, StoreError> {
        self.reader.account_by_id(id).await
    }

    async fn account_by_email(&self, email: &Email) -> Result<Option<(User, Credentials)>, StoreError> {
        self.reader.account_by_email(email).await
    }
}

/// Not cached: the profiles of a page are read together, so a cache would save a request only if all were
/// cached.
impl<Q: ProfileReader> ProfileReader for CachedReader<Q> {
    async fn profiles(&self, users: &[UserId]) -> Result<HashMap<UserId, Profile>, StoreError> {
        self.reader.profiles(users).await
    }
}

/// Cached: totals are returned with every page of a list and change less often than the pages.
impl<Q: TotalReader> TotalReader for CachedReader<Q> {
    async fn total(&self, lists: &[ListKey]) -> Result<u64, StoreError> {
        let key: Vec<&str> = lists.iter().map(ListKey::as_str).collect();
        let load = async { self.reader.total(lists).await.map(|total| Some(CachedTotal(total))) };
        let total = self.totals.get_or_load(&key.join(" "), load).await?;
        Ok(total.map_or(0, |CachedTotal(total)| total))
    }
}

/// Cached total of lists.
#[derive(Debug, Clone, Copy)]
struct CachedTotal(u64);

impl CacheWeight for CachedTotal {
    fn weight(&self) -> u32 {
        8
    }
}

/// Weight of a cache entry: the length of its texts and a fixed part.
pub(crate) fn weight_of(name: &str, description: Option<&Description>, fixed: usize) -> u32 {
    let texts = name.len() + description.map_or(0, |text| text.as_str().len());
    u32::try_from(texts + fixed).unwrap_or(u32::MAX)
}

impl CacheWeight for MarketWithVolume {
    fn weight(&self) -> u32 {
        let market = &self.market;
        weight_of(market.name.as_str(), market.description.as_ref(), 256)
    }
}

impl CacheWeight for StockedProduct {
    fn weight(&self) -> u32 {
        let product = &self.product;
        weight_of(product.title.as_str(), product.description.as_ref(), 384)
    }
}

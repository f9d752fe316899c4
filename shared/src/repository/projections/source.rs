//! Queries of all projected entities, to rebuild the projections. Each list is read by ascending id, so that
//! entities that are created meanwhile come last.

use serde::{Deserialize, Serialize};
use strum::VariantArray as _;

use crate::domain::market::summary::MarketSummary;
use crate::domain::market::{Market, MarketId, MarketStatus};
use crate::domain::order::{OrderStatus, OrderSummary};
use crate::domain::product::ProductStatus;
use crate::domain::product::summary::ProductSummary;
use crate::domain::user::{Role, UserStatus, UserSummary};
use crate::domain::values::date::Date;
use crate::kit::aws::dynamodb::DynamoReader;
use crate::kit::aws::dynamodb::read::query::{Page, Query};
use crate::kit::aws::dynamodb::schema::Index;
use crate::kit::command::page::{ListPage, PageRequest, Start};
use crate::kit::command::{Key, Record, StoreError};
use crate::projections::daily_sales::{DailySales, DailySalesKey};
use crate::projections::list_total::ListKey;
use crate::repository::order::OrderList;
use crate::repository::table_layout::partitions;
use crate::repository::table_layout::partitions::MARKET_SHARDS;
use crate::repository::table_layout::sorted_list::ListError;

/// Prefix of the sort keys of daily sales.
const DAILY_SALES: &str = "sales#";

/// Lists of the orders of a market, whose lengths are counted.
#[must_use]
pub fn order_lists_of(market: MarketId) -> Vec<ListKey> {
    let statuses = OrderStatus::VARIANTS.iter().map(|status| Some(*status));
    let list = OrderList::InMarket(market);
    statuses.chain([None]).map(|status| list.total(status)).collect()
}

/// Key of daily sales. A recount deletes them unread, so it repairs items that cannot be parsed.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct SalesDay {
    sk: String,
}

impl Record for SalesDay {
    const KIND: &'static str = DailySales::KIND;
    type Id = DailySalesKey;

    fn key(id: &DailySalesKey) -> Key {
        DailySales::key(id)
    }
}

impl SalesDay {
    fn day(&self) -> Option<Date> {
        self.sk.strip_prefix(DAILY_SALES)?.parse().ok()
    }
}

impl DynamoReader {
    /// Loads up to `limit` markets of any status after the id `after`.
    ///
    /// # Errors
    /// [`ListError::Store`] if the table does not respond.
    pub async fn all_markets(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ListPage<MarketSummary>, ListError> {
        let partitions = MarketStatus::VARIANTS.iter().map(|status| partitions::markets(*status));
        self.source(Index::SummariesByParent, partitions.collect(), after, limit).await
    }

    /// Loads up to `limit` products of a market, of any status, after the id `after`.
    ///
    /// # Errors
    /// [`ListError::Store`] if the table does not respond.
    pub async fn all_products(
        &self,
        market: MarketId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ListPage<ProductSummary>, ListError> {
        let statuses = ProductStatus::VARIANTS.iter();
        let partitions = statuses.map(|status| partitions::products_in(market, *status));
        self.source(Index::SummariesByParent, partitions.collect(), after, limit).await
    }

    /// Loads up to `limit` orders of a market after the id `after`.
    ///
    /// # Errors
    /// [`ListError::Store`] if the table does not respond.
    pub async fn all_orders(
        &self,
        market: MarketId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ListPage<OrderSummary>, ListError> {
        let partitions = (0..MARKET_SHARDS).map(|shard| partitions::orders_in_shard(market, shard));
        self.source(Index::SummariesByParent, partitions.collect(), after, limit).await
    }

    /// Loads up to `limit` accounts of any role and status after the id `after`.
    ///
    /// # Errors
    /// [`ListError::Store`] if the table does not respond.
    pub async fn all_accounts(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ListPage<UserSummary>, ListError> {
        let statuses = |role: &Role| {
            let role = *role;
            UserStatus::VARIANTS.iter().map(move |status| partitions::accounts(role, *status))
        };
        let partitions = Role::VARIANTS.iter().flat_map(statuses).collect();
        self.source(Index::SummariesByParent, partitions, after, limit).await
    }

    /// Lists up to `limit` days on which a market has sales, with strong consistency.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn days_with_sales(
        &self,
        market_id: MarketId,
        limit: u32,
    ) -> Result<Vec<DailySalesKey>, StoreError> {
        let partition = Market::key(&market_id).pk;
        let query = Query::table(partition, limit).beginning_with(DAILY_SALES).consistent();
        let page: Page<SalesDay> = self.list(&query).await?;
        Ok(page.items.iter().filter_map(SalesDay::day).map(|day| DailySalesKey { market_id, day }).collect())
    }

    async fn source<R: Record>(
        &self,
        index: Index,
        partitions: Vec<String>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ListPage<R>, ListError> {
        let queries: Vec<Query> =
            partitions.into_iter().map(|partition| Query::index(index, partition, limit)).collect();
        let start = after.map_or(Start::First, |after| Start::After(after.to_owned()));
        Ok(self.page(&queries, &PageRequest { limit, start }).await?)
    }
}

//! Reading what a market sold, order by order, for reports of any length.

use std::future::Future;

use crate::domain::job::job_type::SalesReport;
use crate::domain::order::{Order, OrderId};
use crate::kit::aws::dynamodb::DynamoReader;
use crate::kit::aws::dynamodb::read::query::Query;
use crate::kit::aws::dynamodb::schema::Index;
use crate::kit::command::StoreError;
use crate::kit::command::page::{PageRequest, Start};
use crate::repository::table_layout::partitions;
use crate::repository::table_layout::partitions::MARKET_SHARDS;
use crate::repository::table_layout::sorted_list::ListError;

/// How many orders of each partition of a market are counted.
pub const COUNT_CAP: u32 = 10_000;

/// Some orders, and whether there are more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPage {
    /// The orders, the oldest first.
    pub orders: Vec<Order>,
    /// Whether these are the last.
    pub is_last: bool,
}

/// What reports ask. Implementations return [`ListError::Store`] when the table does not answer, and nothing else.
pub trait MarketOrdersReader: Clone + Send + Sync + 'static {
    /// Up to `limit` orders of a report, from after the order `after` on.
    fn sold(
        &self,
        report: &SalesReport,
        after: Option<OrderId>,
        limit: u32,
    ) -> impl Future<Output = Result<OrderPage, ListError>> + Send;

    /// How many orders a report has, as far as they are counted: up to [`MAX_COUNTED`] of each partition.
    fn count_orders(&self, report: &SalesReport) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// Where the orders of a report stand; nowhere, if there can be none.
fn queries(report: &SalesReport) -> Vec<Query> {
    let Some((first, last)) = report.bounds() else { return Vec::new() };
    let shards = (0..MARKET_SHARDS).map(|shard| partitions::orders_in_shard(report.market_id, shard));
    let query = |shard| Query::index(Index::ByParent, shard, 1).between(first.to_string(), last.to_string());
    shards.map(query).collect()
}

impl MarketOrdersReader for DynamoReader {
    async fn sold(
        &self,
        report: &SalesReport,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<OrderPage, ListError> {
        let start = after.map_or(Start::First, |after| Start::After(after.to_string()));
        let page = self.slice(&queries(report), &PageRequest { limit, start }).await?;
        Ok(OrderPage { orders: page.items, is_last: page.next.is_none() })
    }

    async fn count_orders(&self, report: &SalesReport) -> Result<u64, StoreError> {
        self.length(&queries(report), COUNT_CAP).await
    }
}

//! Queries of the orders of a market, by the time at which they were placed.

use crate::domain::job::job_type::SalesReport;
use crate::domain::market::MarketId;
use crate::domain::order::{Order, OrderId, OrderSummary};
use crate::domain::values::period::Period;
use crate::kit::aws::dynamodb::DynamoReader;
use crate::kit::aws::dynamodb::read::query::Query;
use crate::kit::aws::dynamodb::schema::Index;
use crate::kit::command::StoreError;
use crate::kit::command::page::{PageRequest, Start};
use crate::kit::command::read_set::Parsed;
use crate::kit::system::clock::Timestamp;
use crate::repository::table_layout::partitions;
use crate::repository::table_layout::partitions::MARKET_SHARDS;
use crate::repository::table_layout::sorted_list::ListError;

/// Maximum count of the orders of each partition of a market.
pub const COUNT_CAP: u32 = 10_000;

/// Page of a report's orders.
#[derive(Debug, Clone)]
pub struct OrderPage {
    /// Orders, oldest first. One that cannot be read is the id of the order, so that a report does not silently
    /// lack it.
    pub orders: Vec<Result<Order, OrderId>>,
    /// Sort value after which the next page starts, if there may be more orders.
    pub next: Option<String>,
}

/// Maximum number of orders that are read to decide whether a market has open ones.
const MAX_RECENT_ORDERS: u32 = 100;

/// Queries of the partitions of a market's orders; none if the period is empty.
fn queries(market: MarketId, period: &Period) -> Vec<Query> {
    let Some((first, last)) = period.bounds::<Order>() else { return Vec::new() };
    let shards = (0..MARKET_SHARDS).map(|shard| partitions::orders_in_shard(market, shard));
    let query =
        |shard| Query::index(Index::SummariesByParent, shard, 1).between(first.to_string(), last.to_string());
    shards.map(query).collect()
}

/// Id of an order. If its summary cannot be parsed, reports that, and returns the id from its key.
fn id_of(summary: Parsed<OrderSummary>) -> Option<OrderId> {
    match summary {
        Ok(order) => Some(order.id),
        Err(malformed) => {
            malformed.report();
            malformed.key?.pk.split_once('#')?.1.parse().ok()
        }
    }
}

impl DynamoReader {
    /// Loads up to `limit` orders of a report, starting after the order with the id `after`: a page of ids from
    /// the index, and the orders by key.
    ///
    /// # Errors
    /// [`ListError::Store`] if the table does not respond.
    pub async fn report_orders(
        &self,
        report: &SalesReport,
        after: Option<&str>,
        limit: u32,
    ) -> Result<OrderPage, ListError> {
        let start = after.map_or(Start::First, |after| Start::After(after.to_owned()));
        let queries = queries(report.market_id, &report.period());
        let page = self.page_of_each(&queries, &PageRequest { limit, start }).await?;
        let ids: Vec<OrderId> = page.items.into_iter().filter_map(id_of).collect();
        let orders = self.readable::<Order>(&ids).await?;
        let orders = ids.iter().zip(orders).map(|(id, order)| order.ok_or(*id));
        Ok(OrderPage { orders: orders.collect(), next: page.next })
    }

    /// Returns true if an order that was placed in a market since this time has not ended, or if there are too
    /// many of them to read.
    pub(crate) async fn has_open_order_since(
        &self,
        market: MarketId,
        since: Timestamp,
    ) -> Result<bool, ListError> {
        let queries = queries(market, &Period { from: Some(since), to: None });
        let request = PageRequest { limit: MAX_RECENT_ORDERS, start: Start::First };
        let page = self.page_of_each(&queries, &request).await?;
        // An order whose summary cannot be parsed may be open.
        let has_ended =
            |order: &Parsed<OrderSummary>| order.as_ref().is_ok_and(|order| order.status.is_final());
        Ok(page.next.is_some() || !page.items.iter().all(has_ended))
    }

    /// Counts the orders of a report, up to [`COUNT_CAP`] of each partition.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn count_orders(&self, report: &SalesReport) -> Result<u64, StoreError> {
        self.count_up_to(&queries(report.market_id, &report.period()), COUNT_CAP).await
    }
}

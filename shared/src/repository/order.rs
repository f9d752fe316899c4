//! Reading orders.

pub mod market_orders;

use std::future::Future;

use crate::domain::market::MarketId;
use crate::domain::order::fulfilment::attempts::Attempts;
use crate::domain::order::{Order, OrderId, OrderStatus};
use crate::domain::user::UserId;
use crate::kit::aws::dynamodb::expression::Predicate;
use crate::kit::aws::dynamodb::read::query::{Page, Query};
use crate::kit::aws::dynamodb::schema::Index;
use crate::kit::aws::dynamodb::{Consistency, DynamoReader};
use crate::kit::command::page::{ListPage, PageRequest};
use crate::kit::command::{Key, ReadSet, Record, StoreError};
use crate::kit::system::clock::Timestamp;
use crate::projections::list_total::ListKey;
use crate::repository::table_layout::partitions;
use crate::repository::table_layout::partitions::MARKET_SHARDS;
use crate::repository::table_layout::sorted_list::ListError;

/// A list of orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderList {
    /// What somebody bought.
    OfBuyer(UserId),
    /// What a market sold.
    InMarket(MarketId),
}

impl OrderList {
    /// Where its orders stand, newest first.
    fn queries(self, limit: u32) -> Vec<Query> {
        let places = match self {
            Self::OfBuyer(buyer) => vec![(Index::ByOwner, partitions::orders_of(buyer))],
            Self::InMarket(market) => (0..MARKET_SHARDS)
                .map(|shard| (Index::ByParent, partitions::orders_in_shard(market, shard)))
                .collect(),
        };
        let query = |(index, partition)| Query::index(index, partition, limit).descending();
        places.into_iter().map(query).collect()
    }

    /// The list, for the length of the whole or of what has a status.
    #[must_use]
    pub fn total(self, status: Option<OrderStatus>) -> ListKey {
        let whole = match self {
            Self::OfBuyer(buyer) => partitions::orders_of(buyer),
            Self::InMarket(market) => partitions::orders_in(market),
        };
        match status {
            Some(status) => ListKey::with_status(&whole, status.as_str()),
            None => ListKey::of(whole),
        }
    }
}

/// What can be asked about orders. Implementations return [`StoreError`] when the table does not answer, and
/// nothing else: an absent order is `None`.
pub trait OrderReader: Clone + Send + Sync + 'static {
    /// The order, if there is one.
    fn order(&self, id: OrderId) -> impl Future<Output = Result<Option<Order>, StoreError>> + Send;

    /// The order with the attempts at its present step, in one request.
    fn order_with_attempts(
        &self,
        id: OrderId,
    ) -> impl Future<Output = Result<(Option<Order>, Option<Attempts>), StoreError>> + Send;

    /// A slice of a list of orders, newest first; only those of a status, if one is given. Others are read on the way and
    /// left out, up to a bound: a slice behind a place may then be shorter than its limit, and even empty, and yet have a
    /// next; one by number is then [`ListError::TooSparse`].
    fn orders(
        &self,
        list: OrderList,
        status: Option<OrderStatus>,
        slice: &PageRequest,
    ) -> impl Future<Output = Result<ListPage<Order>, ListError>> + Send;

    /// Up to `limit` orders of one shard whose payment was due before `now`, the longest overdue first. Only what
    /// is due is read.
    fn expiring(
        &self,
        shard: u32,
        now: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<OrderId>, StoreError>> + Send;
}

impl OrderReader for DynamoReader {
    async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        self.get(ReadSet::get(&id), Consistency::Eventual).await
    }

    async fn order_with_attempts(
        &self,
        id: OrderId,
    ) -> Result<(Option<Order>, Option<Attempts>), StoreError> {
        self.get(ReadSet::get(&id).and(ReadSet::get(&id)), Consistency::Eventual).await
    }

    async fn orders(
        &self,
        list: OrderList,
        status: Option<OrderStatus>,
        slice: &PageRequest,
    ) -> Result<ListPage<Order>, ListError> {
        let of_status = |query: Query| match status {
            Some(status) => query.filter(Predicate::equal("status", status.as_str())),
            None => query,
        };
        let queries: Vec<Query> = list.queries(slice.limit).into_iter().map(of_status).collect();
        Ok(self.slice(&queries, slice).await?)
    }

    async fn expiring(&self, shard: u32, now: Timestamp, limit: u32) -> Result<Vec<OrderId>, StoreError> {
        let due = Query::index(Index::Due, partitions::expiring_orders(shard), limit).before(now.to_string());
        let page: Page<DueOrder> = self.list(&due).await?;
        Ok(page.items.iter().filter_map(DueOrder::order_id).collect())
    }
}

/// What the sparse index keeps of an order: its key.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct DueOrder {
    pk: String,
}

impl Record for DueOrder {
    const KIND: &'static str = Order::KIND;
    type Id = OrderId;

    fn key(id: &OrderId) -> Key {
        Order::key(id)
    }
}

impl DueOrder {
    fn order_id(&self) -> Option<OrderId> {
        self.pk.strip_prefix("order#")?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_due_order_is_found_by_the_key_that_orders_have() {
        let id: OrderId = "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap();
        let due = DueOrder { pk: Order::key(&id).pk };
        assert_eq!(due.order_id(), Some(id));
    }
}

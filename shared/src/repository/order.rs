//! Queries of orders.

pub mod market_orders;

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
    /// Orders of a buyer.
    OfBuyer(UserId),
    /// Orders of a market.
    InMarket(MarketId),
}

impl OrderList {
    /// Queries of the partitions of the list, newest first.
    fn queries(self, limit: u32) -> Vec<Query> {
        let partitions = match self {
            Self::OfBuyer(buyer) => vec![(Index::ByOwner, partitions::orders_of(buyer))],
            Self::InMarket(market) => (0..MARKET_SHARDS)
                .map(|shard| (Index::ByParent, partitions::orders_in_shard(market, shard)))
                .collect(),
        };
        let query = |(index, partition)| Query::index(index, partition, limit).descending();
        partitions.into_iter().map(query).collect()
    }

    /// Key of the list's total: of all orders, or of those with a status.
    #[must_use]
    pub fn total(self, status: Option<OrderStatus>) -> ListKey {
        let whole = match self {
            Self::OfBuyer(buyer) => partitions::orders_of(buyer),
            Self::InMarket(market) => partitions::orders_in(market),
        };
        match status {
            Some(status) => ListKey::with_status(&whole, status),
            None => ListKey::of(whole),
        }
    }
}

impl DynamoReader {
    /// Loads an order.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        self.get(ReadSet::get(&id), Consistency::Eventual).await
    }

    /// Loads an order with the attempts at its current step, in one request.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn order_with_attempts(
        &self,
        id: OrderId,
    ) -> Result<(Option<Order>, Option<Attempts>), StoreError> {
        self.get(ReadSet::get(&id).and(ReadSet::get(&id)), Consistency::Eventual).await
    }

    /// Loads a page of a list of orders, newest first, of all statuses or of one. Orders of other statuses
    /// are read and skipped, up to a limit: a page after a cursor can then be shorter than its limit, even
    /// empty, and still have a next page.
    ///
    /// # Errors
    /// [`ListError::TooSparse`] if a page by number exceeds that limit; [`ListError::Store`] if the table
    /// does not respond.
    pub async fn orders(
        &self,
        list: OrderList,
        status: Option<OrderStatus>,
        slice: &PageRequest,
    ) -> Result<ListPage<Order>, ListError> {
        let of_status = |query: Query| match status {
            Some(status) => query.filter(Predicate::equal("status", status.to_string())),
            None => query,
        };
        let queries: Vec<Query> = list.queries(slice.limit).into_iter().map(of_status).collect();
        Ok(self.page(&queries, slice).await?)
    }

    /// Lists up to `limit` orders of a shard whose payment was due before `now`, the longest overdue first.
    /// Reads only due orders.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn expiring(&self, shard: u32, now: Timestamp, limit: u32) -> Result<Vec<OrderId>, StoreError> {
        let due = Query::index(Index::Due, partitions::expiring_orders(shard), limit).before(now.to_string());
        let page: Page<DueOrder> = self.list(&due).await?;
        Ok(page.items.iter().filter_map(DueOrder::order_id).collect())
    }
}

/// Entry of an order in the sparse index, which contains only its key.
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
    fn due_order_id_is_parsed_from_its_key() {
        let id: OrderId = "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap();
        let due = DueOrder { pk: Order::key(&id).pk };
        assert_eq!(due.order_id(), Some(id));
    }
}

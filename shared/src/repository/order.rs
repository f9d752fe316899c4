//! Reading orders.

use std::future::Future;

use super::listing;
use crate::clock::Timestamp;
use crate::command::{Key, Reads, Record, StoreError};
use crate::domain::market::MarketId;
use crate::domain::order::attempt::Attempts;
use crate::domain::order::{Order, OrderId, OrderStatus};
use crate::domain::user::UserId;
use crate::dynamodb::expression::Predicate;
use crate::dynamodb::query::{Page, Position, Query};
use crate::dynamodb::schema::Index;
use crate::dynamodb::{Consistency, DynamoReader};

/// How often a list is read for one page of orders of a status.
const MAX_READS: usize = 10;

/// A list of orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderList {
    /// What somebody bought.
    OfBuyer(UserId),
    /// What a market sold.
    InMarket(MarketId),
}

impl OrderList {
    fn place(self) -> (Index, String) {
        match self {
            Self::OfBuyer(buyer) => (Index::ByOwner, listing::orders_of(buyer)),
            Self::InMarket(market) => (Index::ByParent, listing::orders_in(market)),
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

    /// Orders of a list, newest first; only those of a status, if one is given. Others are read on the way and left out,
    /// up to a bound: a page may then be shorter than `limit`, and even empty, and yet have a next.
    fn orders(
        &self,
        list: OrderList,
        status: Option<OrderStatus>,
        limit: u32,
        after: Option<Position>,
    ) -> impl Future<Output = Result<Page<Order>, StoreError>> + Send;

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
        self.get(Reads::one(&id), Consistency::Eventual).await
    }

    async fn order_with_attempts(
        &self,
        id: OrderId,
    ) -> Result<(Option<Order>, Option<Attempts>), StoreError> {
        self.get(Reads::one(&id).and(Reads::one(&id)), Consistency::Eventual).await
    }

    async fn orders(
        &self,
        list: OrderList,
        status: Option<OrderStatus>,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Order>, StoreError> {
        let (index, partition) = list.place();
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut page = Page { items: Vec::new(), next: after };
        for _ in 0..MAX_READS {
            let mut query =
                Query::index(index, partition.clone(), limit).newest_first().after(page.next.take());
            if let Some(status) = status {
                query = query.filter(Predicate::equal("status", status.as_str()));
            }
            let read: Page<Order> = self.list(&query).await?;
            page.items.extend(read.items);
            page.next = read.next;
            if page.items.len() > wanted {
                page.items.truncate(wanted);
                page.next = page.items.last().map(after_order);
            }
            if page.items.len() == wanted || page.next.is_none() {
                break;
            }
        }
        Ok(page)
    }

    async fn expiring(&self, shard: u32, now: Timestamp, limit: u32) -> Result<Vec<OrderId>, StoreError> {
        let due = Query::index(Index::Due, listing::expiring_orders(shard), limit).before(now.to_string());
        let page: Page<DueOrder> = self.list(&due).await?;
        Ok(page.items.iter().filter_map(DueOrder::order_id).collect())
    }
}

/// The place of an order in its lists, which are sorted by id.
fn after_order(order: &Order) -> Position {
    Position { key: Order::key(&order.id), index_sort: Some(order.id.to_string()) }
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

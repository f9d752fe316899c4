//! Queries of orders.

pub mod market_orders;
mod payment;

use std::time::Duration;

use futures::future::{try_join, try_join_all};

use crate::domain::market::MarketId;
use crate::domain::market::status_copy::{StatusCopy, StatusCopyKey};
use crate::domain::order::fulfilment::attempts::Attempts;
use crate::domain::order::lines::cart::{Cart, CartState};
use crate::domain::order::shipment::address::DeliveryAddress;
use crate::domain::order::{Order, OrderId, OrderStatus, OrderSummary};
use crate::domain::product::{Product, ProductId};
use crate::domain::user::UserId;
use crate::domain::values::period::Period;
use crate::domain::values::stall::STALLED_AFTER;
use crate::kit::aws::dynamodb::expression::Predicate;
use crate::kit::aws::dynamodb::read::query::{Page, Query};
use crate::kit::aws::dynamodb::schema::Index;
use crate::kit::aws::dynamodb::{Consistency, DynamoReader};
use crate::kit::command::page::{ListPage, PageRequest};
use crate::kit::command::{Key, ReadSet, Record, StoreError};
use crate::kit::system::clock::Timestamp;
use crate::projections::list_total::ListKey;
use crate::repository::order::market_orders::COUNT_CAP;
use crate::repository::projections::list_total::TotalReader as _;
use crate::repository::table_layout::due_list::DueRequest;
use crate::repository::table_layout::partitions;
use crate::repository::table_layout::partitions::{EXPIRY_SHARDS, MARKET_SHARDS};
use crate::repository::table_layout::sorted_list::{ListError, MAX_MATCHES, page_of};

/// Maximum number of the oldest unfinished orders at each end of a shard.
pub const OLDEST_ORDERS: u32 = 20;

/// Path of the status in an index of summaries.
const SUMMARY_STATUS: &str = "summary.status";

/// Age from which an unfinished order is old.
const OLD: Duration = Duration::from_mins(5);

/// Filter and sort order of a list of orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderQuery {
    /// List that is filtered.
    pub list: OrderList,
    /// Status; `None` for all statuses.
    pub status: Option<OrderStatus>,
    /// Period in which the orders were placed.
    pub period: Period,
    /// Sort order.
    pub sort: OrderSort,
}

/// Sort order of orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderSort {
    /// By time of placement.
    CreatedAt {
        /// True for newest first.
        descending: bool,
    },
    /// By total, in minor units, then by time of placement.
    Total {
        /// True for highest total first.
        descending: bool,
    },
}

/// A list of orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderList {
    /// Orders of a buyer.
    OfBuyer(UserId),
    /// Orders of a market.
    InMarket(MarketId),
}

impl OrderList {
    /// Partitions of the list.
    fn partitions(self) -> Vec<(Index, String)> {
        match self {
            Self::OfBuyer(buyer) => vec![(Index::SummariesByOwner, partitions::orders_of(buyer))],
            Self::InMarket(market) => (0..MARKET_SHARDS)
                .map(|shard| (Index::SummariesByParent, partitions::orders_in_shard(market, shard)))
                .collect(),
        }
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

impl OrderQuery {
    /// Queries of the partitions of the list; none if the period is empty.
    fn queries(&self) -> Vec<Query> {
        let Some((first, last)) = self.period.bounds::<Order>() else { return Vec::new() };
        let query = |(index, partition)| {
            let mut query = Query::index(index, partition, 1);
            if !self.period.is_unlimited() {
                query = query.between(first.to_string(), last.to_string());
            }
            if let Some(status) = self.status {
                query = query.filter(Predicate::equal(SUMMARY_STATUS, status.to_string()));
            }
            match self.sort {
                OrderSort::CreatedAt { descending: false } => query,
                OrderSort::CreatedAt { .. } | OrderSort::Total { .. } => query.descending(),
            }
        };
        self.list.partitions().into_iter().map(query).collect()
    }
}

/// Loaded from an index of summaries.
impl Record for OrderSummary {
    const KIND: &'static str = Order::KIND;
    type Id = OrderId;

    fn key(id: &OrderId) -> Key {
        Order::key(id)
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

    /// Loads an order with its delivery address, in one request.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn order_with_address(
        &self,
        id: OrderId,
    ) -> Result<(Option<Order>, Option<DeliveryAddress>), StoreError> {
        self.get(ReadSet::get(&id).and(ReadSet::get(&id)), Consistency::Eventual).await
    }

    /// Loads what the price of a cart depends on, and the status of the market for new orders, in one request
    /// and strongly consistent.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn quote_state(&self, cart: &Cart) -> Result<(CartState, Option<StatusCopy>), StoreError> {
        let copies = cart.market_id.map(|market_id| StatusCopyKey { market_id, number: 0 });
        let reads = cart.reads().and(ReadSet::get_all(copies.iter()));
        let (state, copies) = self.get(reads, Consistency::Strong).await?;
        Ok((state, copies.into_iter().flatten().next()))
    }

    /// Market of a product; `None` if the product does not exist. A product stays in its market.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn market_of(&self, product: ProductId) -> Result<Option<MarketId>, StoreError> {
        let product: Option<Product> = self.get(ReadSet::get(&product), Consistency::Strong).await?;
        Ok(product.map(|product| product.market_id))
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

    /// Loads a page of a list of orders, with the total of the list. Orders of other statuses are read and
    /// skipped, up to a limit: a page after a cursor can then be shorter than its limit, even empty, and still
    /// have a next page. To sort by total, all matches are read.
    ///
    /// # Errors
    /// [`ListError::TooSparse`] if a page by number exceeds that limit; [`ListError::TooManyToSort`] if more
    /// than [`MAX_MATCHES`] orders would have to be sorted by total, or that limit is exceeded;
    /// [`ListError::Store`] if the table does not respond.
    pub async fn orders(
        &self,
        query: &OrderQuery,
        slice: &PageRequest,
    ) -> Result<ListPage<OrderSummary>, ListError> {
        let OrderSort::Total { descending } = query.sort else {
            let page = async { Ok::<_, ListError>(self.page(&query.queries(), slice).await?) };
            let total = async { Ok(self.orders_total(query).await?) };
            let (page, total) = try_join(page, total).await?;
            return Ok(page.with_total(total));
        };
        let limit = u32::try_from(MAX_MATCHES).unwrap_or(u32::MAX);
        let all: ListPage<OrderSummary> = self.page(&query.queries(), &PageRequest::first(limit)).await?;
        if all.next.is_some() {
            return Err(ListError::TooManyToSort);
        }
        let sort = |order: OrderSummary| (partitions::amount_sort(order.total.amount(), order.id), order);
        Ok(page_of(all.items.into_iter().map(sort).collect(), descending, slice))
    }

    /// Seller of the orders of a market, which may be deleted; `None` if it has no orders.
    ///
    /// # Errors
    /// [`ListError::Store`] if the table does not respond.
    pub async fn seller_in(&self, market: MarketId) -> Result<Option<UserId>, ListError> {
        let partitions = OrderList::InMarket(market).partitions().into_iter();
        let queries: Vec<Query> =
            partitions.map(|(index, partition)| Query::index(index, partition, 1)).collect();
        let first: ListPage<OrderSummary> = self.page(&queries, &PageRequest::first(1)).await?;
        Ok(first.items.first().map(|order| order.seller_id))
    }

    /// Counts the orders of a list. The orders of a period are counted by the table, among the first
    /// [`COUNT_CAP`] of each partition.
    async fn orders_total(&self, query: &OrderQuery) -> Result<u64, StoreError> {
        if query.period.is_unlimited() {
            self.total(&[query.list.total(query.status)]).await
        } else {
            self.count_up_to(&query.queries(), COUNT_CAP).await
        }
    }

    /// Lists the orders of a shard whose payment is overdue, the longest overdue first. Reads only those.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn expiring(&self, request: DueRequest) -> Result<Page<OrderId>, StoreError> {
        self.due::<Order>(partitions::expiring_orders(request.shard), request).await
    }

    /// Lists the orders of a shard whose delivery addresses are due to be examined, the longest due first. Reads
    /// only those.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn due_addresses(&self, request: DueRequest) -> Result<Page<OrderId>, StoreError> {
        self.due::<Order>(partitions::addresses(request.shard), request).await
    }

    /// Delivery addresses of these orders, in their order; `None` for an order without one.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn addresses_of(&self, orders: &[Order]) -> Result<Vec<Option<DeliveryAddress>>, StoreError> {
        self.readable(orders.iter().map(|order| &order.id)).await
    }

    /// Loads unfinished orders that began at least five minutes ago: of each shard those that are examined
    /// first and last, up to [`OLDEST_ORDERS`] each. The time between two examinations of an order grows with
    /// its age, so the oldest orders are at one of these ends.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn oldest_unfinished_orders(&self, now: Timestamp) -> Result<Vec<Order>, StoreError> {
        let fresh = now.saturating_add(STALLED_AFTER);
        let old = fresh.saturating_sub(OLD).to_string();
        let queries = (0..EXPIRY_SHARDS).flat_map(|shard| {
            let unfinished = Query::index(Index::Due, partitions::unfinished_orders(shard), OLDEST_ORDERS);
            let resumed = unfinished.clone().between(fresh.to_string(), "~").descending();
            [unfinished.before(old.clone()), resumed]
        });
        let ids = try_join_all(queries.map(|query| self.due_ids::<Order>(query))).await?;
        let ids: Vec<OrderId> = ids.into_iter().flat_map(|page| page.items).collect();
        Ok(self.readable(&ids).await?.into_iter().flatten().collect())
    }

    /// Lists the orders of a shard to examine because their saga has not finished, the longest due first.
    /// Reads only those.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn unfinished_orders(&self, request: DueRequest) -> Result<Page<OrderId>, StoreError> {
        self.due::<Order>(partitions::unfinished_orders(request.shard), request).await
    }

    /// Lists the orders whose refunds are to be checked, the longest due first. Reads only those.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn due_refund_checks(&self, request: DueRequest) -> Result<Page<OrderId>, StoreError> {
        self.due::<Order>(partitions::REFUND_CHECKS.to_owned(), request).await
    }
}

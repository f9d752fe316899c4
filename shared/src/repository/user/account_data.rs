//! Queries of all data of an account, for its export. Each list is read by ascending id.

use crate::domain::job::{Job, JobSummary};
use crate::domain::market::summary::MarketSummary;
use crate::domain::market::{Market, MarketId, MarketStatus};
use crate::domain::order::payment::Payment;
use crate::domain::order::{Order, OrderSummary};
use crate::domain::product::Product;
use crate::domain::session::Session;
use crate::domain::user::{User, UserId};
use crate::kit::aws::dynamodb::DynamoReader;
use crate::kit::aws::dynamodb::expression::Predicate;
use crate::kit::aws::dynamodb::read::query::{Page, Query};
use crate::kit::aws::dynamodb::schema::Index;
use crate::kit::command::page::{ListPage, PageRequest, Start};
use crate::kit::command::{Record, StoreError};
use crate::kit::system::clock::Timestamp;
use crate::repository::table_layout::partitions;
use crate::repository::table_layout::sorted_list::ListError;

/// First and last possible sort key of the sessions of an account.
const SESSIONS: (&str, &str) = ("session#", "session#~");

/// Number of markets of a creator that are read at once.
const MARKETS_READ: u32 = 100;

impl DynamoReader {
    /// Loads up to `limit` sessions of an account after the id `after`, including ended ones, and the id after
    /// which the next page starts.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn sessions_of(
        &self,
        account: UserId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<Session>, Option<String>), StoreError> {
        let (first, last) = SESSIONS;
        let query = Query::table(User::key(&account).pk, limit).between(first, last);
        let query = match after {
            Some(after) => query.starting_after(format!("{first}{after}")),
            None => query,
        };
        let page: Page<Session> = self.list(&query).await?;
        let reached = page.next.and_then(|next| Some(next.key.sk.strip_prefix(first)?.to_owned()));
        Ok((page.items, reached))
    }

    /// Loads up to `limit` markets of a creator after the id `after`.
    ///
    /// # Errors
    /// [`ListError::Store`] if the table does not respond.
    pub async fn markets_of(
        &self,
        creator: UserId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ListPage<Market>, ListError> {
        let query = Query::index(Index::SummariesByOwner, partitions::markets_of(creator), limit);
        let page: ListPage<MarketSummary> = self.owned(query, after, limit).await?;
        self.entities_of(page, |market| &market.id).await
    }

    /// Returns true if a market of the creator is active.
    ///
    /// # Errors
    /// [`ListError::Store`] if the table does not respond.
    pub async fn has_open_market(&self, creator: UserId) -> Result<bool, ListError> {
        let query = Query::index(Index::SummariesByOwner, partitions::markets_of(creator), MARKETS_READ);
        let mut after = None;
        loop {
            let page: ListPage<MarketSummary> =
                self.owned(query.clone(), after.as_deref(), MARKETS_READ).await?;
            if page.items.iter().any(|market| market.status == MarketStatus::Active) {
                return Ok(true);
            }
            after = page.next;
            if after.is_none() {
                return Ok(false);
            }
        }
    }

    /// Loads up to `limit` orders of a buyer after the id `after`.
    ///
    /// # Errors
    /// [`ListError::Store`] if the table does not respond.
    pub async fn orders_placed_by(
        &self,
        buyer: UserId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ListPage<Order>, ListError> {
        let page = self.order_summaries(buyer, after, limit).await?;
        self.entities_of(page, |order| &order.id).await
    }

    async fn order_summaries(
        &self,
        buyer: UserId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ListPage<OrderSummary>, ListError> {
        let query = Query::index(Index::SummariesByOwner, partitions::orders_of(buyer), limit);
        self.owned(query, after, limit).await
    }

    /// Loads up to `limit` products of a market, of any status, after the id `after`.
    ///
    /// # Errors
    /// [`ListError::Store`] if the table does not respond.
    pub async fn products_sold_in(
        &self,
        market: MarketId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ListPage<Product>, ListError> {
        let page = self.all_products(market, after, limit).await?;
        self.entities_of(page, |product| &product.id).await
    }

    /// Loads the payments of up to `limit` orders of a buyer after the order with the id `after`, and the
    /// order after which the next page starts.
    ///
    /// # Errors
    /// [`ListError::Store`] if the table does not respond.
    pub async fn payments_by(
        &self,
        buyer: UserId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<Payment>, Option<String>), ListError> {
        let orders = self.order_summaries(buyer, after, limit).await?;
        let ids: Vec<_> = orders.items.iter().map(|order| Payment::id_for(order.id)).collect();
        Ok((self.readable(&ids).await?.into_iter().flatten().collect(), orders.next))
    }

    /// Loads up to `limit` jobs of an owner after the id `after`, without those that have expired by `now`.
    ///
    /// # Errors
    /// [`ListError::Store`] if the table does not respond.
    pub async fn jobs_created_by(
        &self,
        owner: UserId,
        now: Timestamp,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ListPage<Job>, ListError> {
        let query = Query::index(Index::SummariesByOwner, partitions::jobs_of(owner), limit);
        let query = query.filter(Predicate::greater("expiresAt", now.to_string()));
        let page: ListPage<JobSummary> = self.owned(query, after, limit).await?;
        self.entities_of(page, |job| &job.id).await
    }

    /// Loads the entities of a page of summaries.
    async fn entities_of<R: Record, S>(
        &self,
        page: ListPage<S>,
        id: impl Fn(&S) -> &R::Id,
    ) -> Result<ListPage<R>, ListError> {
        let ids = page.items.iter().map(id);
        let items = self.readable(ids).await?.into_iter().flatten().collect();
        Ok(ListPage { items, next: page.next, min_total: page.min_total, total: page.total })
    }

    async fn owned<R: Record>(
        &self,
        query: Query,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ListPage<R>, ListError> {
        let start = after.map_or(Start::First, |after| Start::After(after.to_owned()));
        Ok(self.page(&[query], &PageRequest { limit, start }).await?)
    }
}

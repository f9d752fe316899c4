//! Queries of journal entries.

use crate::domain::ledger::JournalEntry;
use crate::domain::market::MarketId;
use crate::domain::order::{Order, OrderId};
use crate::domain::values::period::Period;
use crate::kit::aws::dynamodb::DynamoReader;
use crate::kit::aws::dynamodb::expression::Predicate;
use crate::kit::aws::dynamodb::read::query::Query;
use crate::kit::aws::dynamodb::schema::Index;
use crate::kit::command::Record;
use crate::kit::command::page::{ListPage, PageRequest};
use crate::repository::order::market_orders::COUNT_CAP;
use crate::repository::table_layout::partitions::{MARKET_SHARDS, entries_in_shard};
use crate::repository::table_layout::sorted_list::ListError;

/// Journal entries to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryQuery {
    /// Market of the entries.
    pub market: MarketId,
    /// Order that caused the entries; `None` for all orders.
    pub order: Option<OrderId>,
    /// Period in which the entries were recorded.
    pub period: Period,
    /// True for newest first.
    pub descending: bool,
}

impl EntryQuery {
    /// Queries of the partitions of the list.
    fn queries(&self) -> Vec<Query> {
        let queries = match self.order {
            Some(order) => vec![self.of_order(order)],
            None => self.of_period(),
        };
        let sorted = |query: Query| if self.descending { query.descending() } else { query };
        queries.into_iter().map(sorted).collect()
    }

    fn of_order(&self, order: OrderId) -> Query {
        let entries =
            Query::table(Order::key(&order).pk, 1).between("entry#".to_owned(), "entry#~".to_owned());
        // The order may be one of another market.
        entries.filter(Predicate::equal("marketId", self.market.to_string()))
    }

    /// The sort value of an entry is its time with its id.
    fn of_period(&self) -> Vec<Query> {
        let first = self.period.from.map_or_else(String::new, |at| at.to_string());
        let last = self.period.to.map_or_else(|| "~".to_owned(), |at| at.to_string());
        let query = |shard| Query::index(Index::ByParent, entries_in_shard(self.market, shard), 1);
        (0..MARKET_SHARDS).map(|shard| query(shard).between(first.clone(), last.clone())).collect()
    }
}

impl DynamoReader {
    /// Loads a page of the journal entries of a market, with their number, which is counted up to a limit.
    ///
    /// # Errors
    /// [`ListError::Store`] if the table does not respond; [`ListError::TooSparse`] if a page by number is too deep.
    pub async fn entries(
        &self,
        query: &EntryQuery,
        slice: &PageRequest,
    ) -> Result<ListPage<JournalEntry>, ListError> {
        let page = self.page(&query.queries(), slice).await?;
        let total = self.count_up_to(&query.queries(), COUNT_CAP).await?;
        Ok(page.with_total(total))
    }
}

//! Lists over one partition or several, put in order.
//!
//! A list over several partitions reads a page of each and merges them: what it costs depends on the page, never on how
//! many things there are. A search reads what begins as asked, and nothing else.

use std::collections::BTreeMap;

use futures::future::try_join_all;

use crate::command::{Entity, Key, StoreError};
use crate::dynamodb::DynamoReader;
use crate::dynamodb::query::{Page, Position, Query};
use crate::dynamodb::schema::Index;

/// How many things a search may find: as many as are put in order in memory.
pub const MAX_MATCHES: usize = 1_000;

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub by: OrderBy,
    /// From the end backwards.
    pub descending: bool,
}

/// What things are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderBy {
    /// When they were made, which their ids begin with.
    CreatedAt,
    /// What they are called, whatever the case.
    Name,
}

/// Why there is no list.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ListError {
    /// A search found too many things to put them in order.
    #[error("finds more than {MAX_MATCHES}; say more of what is searched for")]
    TooManyMatches,
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where a thing stands in each of the orders.
pub(super) trait Ordered: Entity {
    /// Among others in this order; unique.
    fn sort_by(&self, by: OrderBy) -> String;
}

impl Order {
    /// The part of `partition` that comes after `after` in this order.
    pub(super) fn query(self, partition: String, limit: u32, after: Option<&str>) -> Query {
        let index = match self.by {
            OrderBy::CreatedAt => Index::ByParent,
            OrderBy::Name => Index::ByName,
        };
        let query = Query::index(index, partition, limit);
        let query = if self.descending { query.newest_first() } else { query };
        match after {
            Some(after) => query.beyond(after),
            None => query,
        }
    }

    /// The page that begins after `after`, of what was found; `unread` if there is more than that.
    pub(super) fn page<T: Ordered>(
        self,
        found: Vec<T>,
        limit: u32,
        after: Option<&str>,
        unread: bool,
    ) -> Page<T> {
        let sorted = found.into_iter().map(|item| (item.sort_by(self.by), item)).collect();
        Cut { descending: self.descending, limit, after, unread }.page(sorted, |item| T::key(item.id()))
    }
}

/// Which part of what was found is the page.
pub(super) struct Cut<'a> {
    /// From the end backwards.
    pub(super) descending: bool,
    /// How many at most.
    pub(super) limit: u32,
    /// What comes after this sort value.
    pub(super) after: Option<&'a str>,
    /// There is more than what was found.
    pub(super) unread: bool,
}

impl Cut<'_> {
    /// The page, of what was found, by sort value; `key` says where each thing stands.
    pub(super) fn page<T>(&self, found: BTreeMap<String, T>, key: impl Fn(&T) -> Key) -> Page<T> {
        let mut sorted: Vec<(String, T)> = found.into_iter().collect();
        if self.descending {
            sorted.reverse();
        }
        let is_next = |sort: &str| {
            self.after.is_none_or(|after| if self.descending { sort < after } else { sort > after })
        };
        sorted.retain(|(sort, _)| is_next(sort));
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = self.unread || sorted.len() > limit;
        sorted.truncate(limit);
        let last = sorted.last().filter(|_| more);
        let next = last.map(|(sort, last)| Position { key: key(last), index_sort: Some(sort.clone()) });
        Page { items: sorted.into_iter().map(|(_, item)| item).collect(), next }
    }
}

/// The next `limit` things of every partition, in order.
pub(super) async fn merged<T: Ordered>(
    reader: &DynamoReader,
    partitions: impl Iterator<Item = String>,
    order: Order,
    limit: u32,
    after: Option<&str>,
) -> Result<Page<T>, StoreError> {
    let queries: Vec<Query> = partitions.map(|partition| order.query(partition, limit, after)).collect();
    let pages: Vec<Page<T>> = try_join_all(queries.iter().map(|query| reader.list(query))).await?;
    let unread = pages.iter().any(|page| page.next.is_some());
    let found = pages.into_iter().flat_map(|page| page.items).collect();
    Ok(order.page(found, limit, after, unread))
}

/// Everything that some queries find, some of it perhaps twice.
pub(super) async fn matches<T: Ordered>(
    reader: &DynamoReader,
    queries: impl Iterator<Item = Query>,
) -> Result<Vec<T>, ListError> {
    let found = try_join_all(queries.map(|query| all_of(reader, query))).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Everything that a query finds, page by page.
async fn all_of<T: Ordered>(reader: &DynamoReader, query: Query) -> Result<Vec<T>, ListError> {
    let mut found: Vec<T> = Vec::new();
    let mut after = None;
    loop {
        let page = reader.list(&query.clone().after(after)).await?;
        found.extend(page.items);
        if found.len() > MAX_MATCHES {
            return Err(ListError::TooManyMatches);
        }
        if page.next.is_none() {
            return Ok(found);
        }
        after = page.next;
    }
}

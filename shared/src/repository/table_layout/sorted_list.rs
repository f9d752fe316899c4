//! Lists over one partition or several, put in order.
//!
//! Lists are read in [slices](crate::kit::aws::dynamodb::read::pagination). A search reads what begins as asked, and nothing else.

use std::collections::BTreeMap;

use futures::future::try_join_all;

use crate::kit::aws::dynamodb::DynamoReader;
use crate::kit::aws::dynamodb::read::pagination::SliceError;
use crate::kit::aws::dynamodb::read::query::{Page, Query};
use crate::kit::aws::dynamodb::schema::Index;
use crate::kit::command::page::{ListPage, PageRequest, Start};
use crate::kit::command::{Entity, StoreError};

/// How many things a search may find: as many as are put in order in memory.
pub const MAX_MATCHES: usize = 1_000;

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortOrder {
    /// By what.
    pub by: SortKey,
    /// From the end backwards.
    pub descending: bool,
}

/// What things are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortKey {
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
    /// So little of the list has the status asked for that it cannot be counted off.
    #[error("lies too deep in what was left out; go on by cursor instead")]
    TooSparse,
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where a thing stands in each of the orders.
pub(crate) trait Sortable: Entity {
    /// Among others in this order; unique.
    fn sort_by(&self, by: SortKey) -> String;
}

impl From<SliceError> for ListError {
    fn from(error: SliceError) -> Self {
        match error {
            SliceError::FilterTooSelective => Self::TooSparse,
            SliceError::Store(error) => Self::Store(error),
        }
    }
}

impl SortOrder {
    /// A partition in this order.
    pub(crate) fn query(self, partition: String) -> Query {
        let index = match self.by {
            SortKey::CreatedAt => Index::ByParent,
            SortKey::Name => Index::ByName,
        };
        let query = Query::index(index, partition, 1);
        if self.descending { query.descending() } else { query }
    }

    /// A slice of what was found, which is the whole list.
    pub(crate) fn slice<T: Sortable>(self, found: Vec<T>, slice: &PageRequest) -> ListPage<T> {
        page_of(found.into_iter().map(|item| (item.sort_by(self.by), item)).collect(), self.descending, slice)
    }
}

/// A slice of a whole list, whose things stand by their sort values.
pub(crate) fn page_of<T>(sorted: BTreeMap<String, T>, descending: bool, slice: &PageRequest) -> ListPage<T> {
    let mut sorted: Vec<(String, T)> = sorted.into_iter().collect();
    if descending {
        sorted.reverse();
    }
    let proven = sorted.len();
    let passed = match &slice.start {
        Start::First => 0,
        Start::Offset(offset) => usize::try_from(*offset).unwrap_or(usize::MAX).min(sorted.len()),
        Start::After(place) => {
            sorted.partition_point(|(sort, _)| if descending { sort >= place } else { sort <= place })
        }
    };
    let mut rest = sorted.split_off(passed);
    let more = rest.len() > slice.length();
    rest.truncate(slice.length());
    let next = rest.last().filter(|_| more).map(|(sort, _)| sort.clone());
    let items = rest.into_iter().map(|(_, item)| item).collect();
    ListPage { items, next, min_total: proven, total: u64::try_from(proven).ok() }
}

/// Everything that some queries find, some of it perhaps twice.
pub(crate) async fn matches<T: Sortable>(
    reader: &DynamoReader,
    queries: impl Iterator<Item = Query>,
) -> Result<Vec<T>, ListError> {
    let found = try_join_all(queries.map(|query| all_of(reader, query))).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Everything that a query finds, page by page.
async fn all_of<T: Sortable>(reader: &DynamoReader, query: Query) -> Result<Vec<T>, ListError> {
    let mut found: Vec<T> = Vec::new();
    let mut after = None;
    loop {
        let page: Page<T> = reader.list(&query.clone().after(after)).await?;
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

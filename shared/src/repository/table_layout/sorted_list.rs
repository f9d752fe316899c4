//! Sorted lists over one or several partitions, and searches by prefix.
//!
//! Lists are read in [slices](crate::kit::aws::dynamodb::read::pagination).

use std::collections::BTreeMap;

use futures::future::try_join_all;

use crate::kit::aws::dynamodb::DynamoReader;
use crate::kit::aws::dynamodb::read::pagination::PageError;
use crate::kit::aws::dynamodb::read::query::{Page, Query};
use crate::kit::aws::dynamodb::schema::Index;
use crate::kit::command::page::{ListPage, PageRequest, Start};
use crate::kit::command::{Record, StoreError};
use crate::projections::name_index::{NameTermKey, Words};

/// Maximum number of accounts, orders or products that are sorted in memory.
pub const MAX_MATCHES: usize = 1_000;

/// Maximum number of items that each query of a search reads, for each match that the search may have.
const EXAMINED_PER_MATCH: usize = 3;

/// Sort order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortOrder {
    /// Sort key.
    pub by: SortKey,
    /// True for descending order.
    pub descending: bool,
}

/// Sort key common to all lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortKey {
    /// Creation time, with which ids start.
    CreatedAt,
    /// Name, ignoring case.
    Name,
}

/// Error of a list.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ListError {
    /// A search has more matches than it may have, or reads too many items to find them.
    #[error("too many matches; narrow the search")]
    TooManyMatches,
    /// The list has more than [`MAX_MATCHES`] items, or too few of those read match the filter, to sort it in
    /// memory.
    #[error("more than {MAX_MATCHES} matches; narrow the filter or sort by time")]
    TooManyToSort,
    /// More than [`MAX_MATCHES`] products are in a range of prices, which would have to be sorted in memory.
    #[error(
        "more than {MAX_MATCHES} products have a price from `minPrice` to `maxPrice`; narrow the range, or sort by \
         `price`"
    )]
    TooManyInRange,
    /// Too few items match the filter to skip to the offset.
    #[error("offset is too deep for a filtered list; use cursor pagination")]
    TooSparse,
    /// The items before the page are too large to be skipped.
    #[error("the items before this page are too large to be skipped; use cursor pagination")]
    TooDeep,
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Summary with a sort value for each sort key.
pub(crate) trait Sortable: Record {
    /// Returns the sort value, which is unique.
    fn sort_by(&self, by: SortKey) -> String;
}

impl From<PageError> for ListError {
    fn from(error: PageError) -> Self {
        match error {
            PageError::FilterTooSelective => Self::TooSparse,
            PageError::OffsetTooFar => Self::TooDeep,
            PageError::Store(error) => Self::Store(error),
        }
    }
}

impl SortOrder {
    /// Query of a partition in this order.
    pub(crate) fn query(self, partition: String) -> Query {
        let index = match self.by {
            SortKey::CreatedAt => Index::SummariesByParent,
            SortKey::Name => Index::SummariesByName,
        };
        let query = Query::index(index, partition, 1);
        if self.descending { query.descending() } else { query }
    }

    /// Sorts all matches and returns a page.
    pub(crate) fn slice<T: Sortable>(self, found: Vec<T>, slice: &PageRequest) -> ListPage<T> {
        page_of(found.into_iter().map(|item| (item.sort_by(self.by), item)).collect(), self.descending, slice)
    }
}

/// Returns a page of a complete list, sorted by sort value.
pub(crate) fn page_of<T>(sorted: BTreeMap<String, T>, descending: bool, slice: &PageRequest) -> ListPage<T> {
    let mut sorted: Vec<(String, T)> = sorted.into_iter().collect();
    if descending {
        sorted.reverse();
    }
    let length = sorted.len();
    let skipped = match &slice.start {
        Start::First => 0,
        Start::Offset(offset) => usize::try_from(*offset).unwrap_or(usize::MAX).min(sorted.len()),
        Start::After(cursor) => {
            sorted.partition_point(|(sort, _)| if descending { sort >= cursor } else { sort <= cursor })
        }
    };
    let mut rest = sorted.split_off(skipped);
    let has_more = rest.len() > slice.length();
    rest.truncate(slice.length());
    let next = rest.last().filter(|_| has_more).map(|(sort, _)| sort.clone());
    let items = rest.into_iter().map(|(_, item)| item).collect();
    ListPage { items, next, min_total: length, total: u64::try_from(length).ok() }
}

/// Query of the terms of a list under the longest of these words, by pages of `max_matches`; `None` if there
/// are no words.
pub(crate) fn name_query(list: &str, words: &Words, max_matches: usize) -> Option<Query> {
    let limit = u32::try_from(max_matches).unwrap_or(u32::MAX);
    let query = Query::table(NameTermKey::partition(list), limit);
    words.longest().map(|word| query.beginning_with(word))
}

/// Loads the items of several queries that `keep` selects, at most `max_matches` of each. An item that several
/// queries find occurs once for each of them.
pub(crate) async fn matches<T: Sortable>(
    reader: &DynamoReader,
    queries: impl Iterator<Item = Query>,
    max_matches: usize,
    keep: impl Fn(&T) -> bool,
) -> Result<Vec<T>, ListError> {
    let found = try_join_all(queries.map(|query| all_of(reader, query, max_matches, &keep))).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Loads the items of a query that `keep` selects, page by page. An item that the query finds under several
/// words occurs once.
async fn all_of<T: Sortable>(
    reader: &DynamoReader,
    query: Query,
    max_matches: usize,
    keep: impl Fn(&T) -> bool,
) -> Result<Vec<T>, ListError> {
    let mut found: BTreeMap<String, T> = BTreeMap::new();
    let (mut examined, mut after) = (0, None);
    loop {
        let page: Page<T> = reader.list(&query.clone().after(after)).await?;
        examined += page.items.len();
        let kept = page.items.into_iter().filter(&keep);
        found.extend(kept.map(|item| (item.sort_by(SortKey::CreatedAt), item)));
        if found.len() > max_matches || examined > EXAMINED_PER_MATCH * max_matches {
            return Err(ListError::TooManyMatches);
        }
        if page.next.is_none() {
            return Ok(found.into_values().collect());
        }
        after = page.next;
    }
}

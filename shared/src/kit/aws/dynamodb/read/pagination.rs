//! Pagination: pages by offset or by cursor, of a list that consists of one or several partitions.
//!
//! A list over several partitions is read by a k-way merge. Items before an offset are counted by the table,
//! or skipped by reading their sort values only. The cost of a page depends on its offset and length, not on
//! the length of the list.

mod k_way_merge;

use futures::future::try_join_all;

use super::query::{Query, count};
use super::reader::DynamoReader;
use crate::kit::command::page::{ListPage, PageRequest, Start};
use crate::kit::command::read_set::{Parsed, parsed_or_reported};
use crate::kit::command::{Record, StoreError};
use k_way_merge::{KWayMerge, Rows, Stop};

/// Maximum number of reads that skip the items before a page of one partition. Each reads up to 1 MB, which
/// takes 128 read units.
const MAX_SKIP_READS: u32 = 2;

/// Reason why a page could not be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PageError {
    /// The list is filtered, and its matching items are too far apart to count up to the offset.
    #[error("the filter is too selective for pagination by offset")]
    FilterTooSelective,
    /// The items before the offset take more reads than one request may make.
    #[error("the items before the offset are too large to be skipped")]
    OffsetTooFar,
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Result of skipping items before a page.
enum Skipped {
    /// The requested number of items was skipped, up to this sort value.
    All(String),
    /// The list has only this number of items, which is less than requested.
    Only(usize),
    /// More reads would be needed than allowed.
    TooFar,
}

impl DynamoReader {
    /// Reads a page of the list that consists of `partitions`: queries of one index, in the same direction,
    /// one for each partition.
    ///
    /// Items that a filter excludes are read and billed all the same, so the number of reads is bounded. A
    /// page by cursor may therefore be shorter than its limit, or even empty, and still have a next page.
    ///
    /// An item that cannot be parsed is reported and left out, so that it does not hide the others.
    ///
    /// # Errors
    /// [`PageError::FilterTooSelective`] if a page by offset would exceed that bound;
    /// [`PageError::OffsetTooFar`] if too much data precedes it; [`PageError::Store`] if the table does not
    /// respond.
    pub async fn page<R: Record>(
        &self,
        partitions: &[Query],
        request: &PageRequest,
    ) -> Result<ListPage<R>, PageError> {
        let ListPage { items, next, min_total, total } = self.page_of_each(partitions, request).await?;
        let items = items.into_iter().filter_map(parsed_or_reported);
        Ok(ListPage { items: items.collect(), next, min_total, total })
    }

    /// Like [`page`](Self::page), for callers that account for each item: one that cannot be parsed is
    /// returned as an error in its place.
    ///
    /// # Errors
    /// See [`page`](Self::page).
    pub async fn page_of_each<R: Record>(
        &self,
        partitions: &[Query],
        request: &PageRequest,
    ) -> Result<ListPage<Parsed<R>>, PageError> {
        let (after, skipped) = match &request.start {
            Start::After(sort) => (Some(sort.clone()), 0),
            Start::First | Start::Offset(0) => (None, 0),
            Start::Offset(offset) => match self.skip(partitions, *offset).await? {
                Skipped::All(sort) => (Some(sort), usize::try_from(*offset).unwrap_or(usize::MAX)),
                Skipped::Only(count) => {
                    return Ok(ListPage { items: Vec::new(), next: None, min_total: count, total: None });
                }
                Skipped::TooFar => return Err(PageError::OffsetTooFar),
            },
        };
        let page = KWayMerge::new(partitions, after).page(self.table(), request.length()).await?;
        let by_offset = matches!(request.start, Start::Offset(_));
        if by_offset && page.next.is_some() && page.rows.len() < request.length() {
            return Err(PageError::FilterTooSelective);
        }
        let min_total = skipped + page.rows.len() + usize::from(page.has_more);
        let items = page.rows.into_iter().map(|row| row.item.parse()).collect();
        Ok(ListPage { items, next: page.next, min_total, total: None })
    }

    /// Counts the items of the list that consists of `partitions`, for lists without a stored total. Only the
    /// first `bound` items of each partition are read.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn count_up_to(&self, partitions: &[Query], bound: u32) -> Result<u64, StoreError> {
        let counts = partitions.iter().map(|partition| self.skip_counting(partition, bound, u32::MAX));
        let counts = try_join_all(counts).await?.into_iter().map(|skipped| match skipped {
            Skipped::All(_) | Skipped::TooFar => u64::from(bound),
            Skipped::Only(count) => u64::try_from(count).unwrap_or(u64::MAX),
        });
        Ok(counts.sum())
    }

    /// Skips `count` items. The table counts the items of a single unfiltered partition; for several
    /// partitions or a filter, the sort values are read and merged.
    async fn skip(&self, partitions: &[Query], count: u32) -> Result<Skipped, PageError> {
        if let [whole] = partitions
            && !whole.has_filter()
        {
            return Ok(self.skip_counting(whole, count, MAX_SKIP_READS).await?);
        }
        let sort_keys: Vec<Query> = partitions.iter().cloned().map(Query::sort_keys_only).collect();
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let Rows { mut rows, stop } = KWayMerge::new(&sort_keys, None).skip(self.table(), count).await?;
        match (stop, rows.pop()) {
            (Stop::ReadLimit, _) if partitions.iter().any(Query::has_filter) => {
                Err(PageError::FilterTooSelective)
            }
            (Stop::ReadLimit, _) => Ok(Skipped::TooFar),
            (Stop::Full, Some(last)) => Ok(Skipped::All(last.sort)),
            (_, last) => Ok(Skipped::Only(rows.len() + usize::from(last.is_some()))),
        }
    }

    /// Counts the items among the first `bound` of a partition that match its filter, with one request per
    /// megabyte that the table reads, and at most `max_reads` of them.
    async fn skip_counting(
        &self,
        partition: &Query,
        bound: u32,
        max_reads: u32,
    ) -> Result<Skipped, StoreError> {
        let (mut query, mut matched, mut left) = (partition.clone(), 0, bound);
        for _ in 0..max_reads {
            let count = count(self.table(), &query.clone().limit(left)).await?;
            matched += count.matched;
            // Without a filter, every item that was read matches.
            let read = if partition.has_filter() { count.examined } else { count.matched };
            left = left.saturating_sub(u32::try_from(read).unwrap_or(u32::MAX));
            match count.reached {
                Some(reached) if left > 0 => query = query.starting_after(reached),
                Some(reached) if !partition.has_filter() => return Ok(Skipped::All(reached)),
                _ => return Ok(Skipped::Only(matched)),
            }
        }
        Ok(Skipped::TooFar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn total_is_the_count_but_at_least_the_lower_bound() {
        let page = |min_total, total| ListPage::<()> { items: Vec::new(), next: None, min_total, total };
        for (min_total, count, total) in [(61, 0, 61), (61, 60, 61), (61, 150, 150), (0, 0, 0)] {
            assert_eq!(page(min_total, None).with_total(count).total, Some(total));
        }
        assert_eq!(
            page(3, Some(3)).with_total(9).total,
            Some(3),
            "a known total is not replaced by the count"
        );
    }
}
